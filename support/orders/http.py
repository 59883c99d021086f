"""Orders of the company's own service over HTTP: a number goes out, a JSON object comes back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import httpx

from support.orders.base import OrderSourceError, UnreachableError
from support.orders.fields import FieldError, order_from
from support.orders.models import Order
from support.orders.numbers import foreign_spellings, same_number

PLACE: Final = "{number}"
MOST_BYTES: Final = 256 * 1024
MOST_REDIRECTS: Final = 3
CONNECTIONS: Final = 20
_NOT_NOW: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def address_of(template: str, number: str) -> str:
    """Return where to ask: the number, encoded, in the place of ``{number}``, else at the end."""
    encoded = quote(number, safe="")
    if PLACE in template:
        return template.replace(PLACE, encoded)
    return template + ("" if template.endswith(("/", "=")) else "/") + encoded


@dataclass(slots=True)
class HttpOrders:
    """OrderSource over GET requests. 404 means that there is no such order."""

    template: str
    """ORDERS_URL."""
    token: str = field(default="", repr=False)
    """Sent as bearer; none when empty."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Our column → the dotted place in the answer."""
    _client: httpx.AsyncClient | None = None

    async def find(self, number: str) -> Order | None:
        """Ask for the likeliest spellings in turn.

        Raises:
            OrderSourceError: no answer, a refusal, or an answer that is no order.
        """
        for spelling in foreign_spellings(number):
            body = await self._get(httpx.URL(address_of(self.template, spelling)))
            if body is not None:
                return self._order(body, spelling)
        return None

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _get(self, url: httpx.URL) -> bytes | None:
        """Return the answer's body, None for 404."""
        host = url
        for _ in range(MOST_REDIRECTS + 1):
            try:
                async with self._open().stream("GET", url, headers=self._headers()) as response:
                    if response.has_redirect_location:
                        url = _followed(host, url.join(response.headers["location"]))
                        continue
                    return await _body(response)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise OrderSourceError("ORDERS_URL is no address that can be asked") from error
            except httpx.HTTPError as error:
                raise UnreachableError(f"the order service does not answer ({type(error).__name__})") from error
        raise OrderSourceError("the order service redirects in circles")

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
            # orders.remote bounds the whole exchange: httpx's own limits start anew with every byte of a slow server.
            self._client = httpx.AsyncClient(timeout=None, limits=limits, follow_redirects=False)  # noqa: S113
        return self._client

    def _headers(self) -> dict[str, str]:
        # Not compressed: a few bytes could become gigabytes.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "otvet"}
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def _order(self, body: bytes, asked: str) -> Order:
        try:
            record = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise OrderSourceError("the order service answers with something that is no JSON") from error
        if not isinstance(record, dict):
            raise OrderSourceError(f"the order service must answer with a JSON object, not with {_shape(record)}")
        try:
            order = order_from(record, self.fields, asked)
        except FieldError as error:
            raise OrderSourceError(f"the order service's answer cannot be used: {error} (see ORDERS_FIELDS)") from error
        if not same_number(order.number, asked):
            raise OrderSourceError("the order service answered about another order than it was asked for")
        return order


async def _body(response: httpx.Response) -> bytes | None:
    code = response.status_code
    if code == httpx.codes.NOT_FOUND:
        return None
    if code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise OrderSourceError(f"the order service refuses us ({code}): check ORDERS_TOKEN")
    if code in _NOT_NOW:
        raise UnreachableError(f"the order service answers {code}")
    if code != httpx.codes.OK:
        raise OrderSourceError(f"the order service answers {code}, where 200 or 404 is expected")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise OrderSourceError("the order service compresses its answer although it was asked not to")
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MOST_BYTES:
            raise OrderSourceError(f"the order service's answer is larger than {MOST_BYTES // 1024} KB")
    return bytes(body)


def _followed(asked: httpx.URL, there: httpx.URL) -> httpx.URL:
    """Return where a redirect leads: nowhere but to the same service, which alone may see the token."""
    same = (there.scheme, there.host, _port(there)) == (asked.scheme, asked.host, _port(asked))
    secured = asked.scheme == "http" and there.scheme == "https" and there.host == asked.host
    if not (same or (secured and _port(there) == _DEFAULT_PORTS["https"])):
        raise OrderSourceError("the order service redirects to another host: put the right address into ORDERS_URL")
    return there


def _port(url: httpx.URL) -> int | None:
    return url.port or _DEFAULT_PORTS.get(url.scheme)


def _shape(value: object) -> str:
    match value:
        case list():
            return "a list"
        case None:
            return "null (404 says that there is no such order)"
        case _:
            return "a single value"
