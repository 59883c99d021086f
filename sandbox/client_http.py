"""The client API as plain calls: what SandboxClient is built on."""

import contextlib

import aiohttp

from sandbox.telegram.errors import Json


class SandboxError(Exception):
    """The sandbox refused an action; the message is its sentence."""


class Connection:
    """Calls to one sandbox; whoever inherits opens the session."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str) -> Json:
        """Any GET of the client API."""
        return await self._request("GET", path, None)

    async def post(self, path: str, **body: object) -> Json:
        """Any POST of the client API; fields that are None are left out."""
        return await self._request("POST", path, {name: value for name, value in body.items() if value is not None})

    async def _request(self, method: str, path: str, body: Json | None) -> Json:
        if self._session is None:
            raise SandboxError("the client is not open: use it in «async with»")
        async with self._session.request(method, f"{self.url}/sandbox/{path}", json=body) as response:
            answer: Json = {}
            with contextlib.suppress(aiohttp.ContentTypeError):
                answer = await response.json()
            if response.ok:
                return answer
            raise SandboxError(answer.get("error") or f"{response.status} {response.reason}")
