"""Requests to a server with OpenAI's API, for whoever asks one: retried, bounded by a deadline, withdrawn at a word.

https://platform.openai.com/docs/api-reference/chat/create
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

import httpx
import structlog
from pydantic import BaseModel, SecretStr, ValidationError

from workers.engines.base import (
    EngineCancelledError,
    EngineGarbageError,
    EngineRefusedError,
    EngineTimeoutError,
    EngineUnavailableError,
)

CHECK_S: Final = 10.0
"""How long a question at the start may take."""
_MAX_BYTES: Final = 1_000_000
_CONNECT_S: Final = 5.0
_BACKOFF_S: Final = 0.5
_BACKOFF_CAP_S: Final = 8.0
_RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_UNAUTHORISED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
_OK: Final = 200
_SHOWN_MODELS: Final = 5

T = TypeVar("T")

_log = structlog.get_logger()


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Model]


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Counted(BaseModel):
    usage: _Usage


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    body: bytes
    retry_after_s: float


class Server:
    """A server at ``url``; ``key_setting`` is what its key is called in messages."""

    def __init__(self, *, url: str, api_key: SecretStr, key_setting: str = "LLM_API_KEY") -> None:
        self.url = url.rstrip("/")
        self._api_key = api_key
        self._key_setting = key_setting
        self._running: dict[str, Callable[[], object]] = {}
        # Reading the machine's certificates takes longer than a short request.
        self._certificates = httpx.create_ssl_context()

    def run(self, work: Coroutine[None, None, T], *, deadline: float, job_id: str = "") -> T:
        """Do what asks this server until ``deadline`` (Unix time, seconds) or until ``cancel`` of the job.

        Raises:
            EngineTimeoutError: the deadline passed.
            EngineCancelledError: the job was withdrawn.
        """
        return asyncio.run(self._cancellable(job_id, self._within(deadline, work)))

    def cancel(self, job_id: str) -> None:
        """Close the connection of the job's request, which makes servers stop decoding."""
        stop = self._running.get(job_id)
        if stop:
            with suppress(RuntimeError):  # its loop has just closed: the answer was faster
                stop()

    def find(self, named: Iterable[tuple[str, str]]) -> None:
        """Look whether the server has the models, each told as ``("LLM_MODEL=", name)``; one without a list is trusted.

        Raises:
            EngineError: unreachable, wrong key or unknown model.
        """
        response = self.run(self._request("GET", "models", None), deadline=time.time() + CHECK_S)
        if response.status == _NOT_FOUND:
            return
        self._accept(response, "")
        try:
            served = [model.id for model in _Models.model_validate_json(response.body).data]
        except ValidationError as error:
            raise EngineGarbageError(f"{self.url} does not answer like an OpenAI-compatible server") from error
        for setting, name in named:
            # Ollama lists «name:latest» for what is asked for as «name».
            if name not in served and f"{name}:latest" not in served:
                known = ", ".join(served[:_SHOWN_MODELS]) or "no model"
                raise EngineRefusedError(f"{setting}{name} is not served by {self.url}, which has: {known}")

    async def complete(self, request: Mapping[str, object], *, until: float) -> bytes:
        """Return the body that the server answers a chat with; what may pass is tried again until then, with jitter.

        Raises:
            EngineError: there is none.
        """
        attempt = 0
        while True:
            try:
                response = await self._request("POST", "chat/completions", request)
                self._accept(response, str(request["model"]))
            except EngineUnavailableError as error:
                pause_s = min(_BACKOFF_CAP_S, _BACKOFF_S * 2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311  # jitter
                pause_s = max(pause_s, error.retry_after_s)
                if time.time() + pause_s >= until:
                    raise
                attempt += 1
                _log.warning("the model's server is tried again", reason=str(error), attempt=attempt)
                await asyncio.sleep(pause_s)
            else:
                return response.body

    async def _cancellable(self, job_id: str, work: Coroutine[None, None, T]) -> T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        if job_id:
            self._running[job_id] = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            return await task
        except asyncio.CancelledError as error:
            raise EngineCancelledError("the job was withdrawn") from error
        finally:
            self._running.pop(job_id, None)

    async def _within(self, deadline: float, work: Coroutine[None, None, T]) -> T:
        """Bound the whole exchange: httpx's own timeouts start anew with every byte of a slow server."""
        try:
            async with asyncio.timeout(deadline - time.time()):
                return await work
        except TimeoutError as error:
            raise EngineTimeoutError(f"{self.url} did not answer in time") from error

    async def _request(self, method: str, path: str, content: Mapping[str, object] | None) -> _Response:
        key = self._api_key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(None, connect=_CONNECT_S)
        try:
            async with (
                httpx.AsyncClient(headers=headers, timeout=timeout, verify=self._certificates) as client,
                client.stream(method, f"{self.url}/{path}", json=content) as response,
            ):
                body = await self._body(response)
                return _Response(response.status_code, body, _seconds(response.headers.get("retry-after", "")))
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise EngineUnavailableError(f"{self.url} cannot be reached ({type(error).__name__})") from error

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _MAX_BYTES:
                raise EngineGarbageError(f"{self.url} answered with more than {_MAX_BYTES} bytes")
        return bytes(body)

    def _accept(self, response: _Response, model: str) -> None:
        status = response.status
        if status == _OK:
            return
        if status in _UNAUTHORISED:
            raise EngineRefusedError(f"{self.url} refuses {self._key_setting} (status {status})")
        if status in _RETRIED:
            raise EngineUnavailableError(
                f"{self.url} is overloaded or broken (status {status})", retry_after_s=response.retry_after_s
            )
        if status == _NOT_FOUND:
            raise EngineRefusedError(f"{self.url} has no chat completions or no model {model} (status 404)")
        raise EngineRefusedError(f"{self.url} does not accept the request (status {status})")


def counted(body: bytes) -> dict[str, int]:
    """Return how many tokens the server says were read (``prompt``) and ``written``; not every server counts."""
    try:
        usage = _Counted.model_validate_json(body).usage
    except ValidationError:
        return {}
    return {"prompt": usage.prompt_tokens, "written": usage.completion_tokens}


def _seconds(value: str) -> float:
    try:
        return min(max(float(value), 0.0), 3600.0)
    except ValueError:
        return 0.0
