"""Any server with OpenAI's chat completions: vLLM, SGLang, llama-server, TGI, Ollama, or OpenAI's own.

https://platform.openai.com/docs/api-reference/chat/create
"""

import asyncio
import json
import random
import re
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

import httpx
import structlog
from pydantic import BaseModel, SecretStr, ValidationError

from support.jobs import GenerationJob, Language
from workers.citations import cited
from workers.conversation import messages
from workers.engines.base import (
    Answer,
    EngineCancelledError,
    EngineError,
    EngineGarbageError,
    EngineRefusedError,
    EngineTimeoutError,
    EngineUnavailableError,
    Form,
)
from workers.promptbook import version

_MAX_TOKENS: Final = 600
_PROBE_TOKENS: Final = 100
_MAX_BYTES: Final = 1_000_000
_CONNECT_S: Final = 5.0
_CHECK_S: Final = 10.0
_BACKOFF_S: Final = 0.5
_BACKOFF_CAP_S: Final = 8.0
_RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_UNAUTHORISED: Final = frozenset({401, 403})
_NOT_FOUND: Final = 404
_OK: Final = 200
_SHOWN_MODELS: Final = 5
_THINKING: Final = re.compile(r"<think>.*?</think>", re.DOTALL)

T = TypeVar("T")

_log = structlog.get_logger()


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice]


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Counted(BaseModel):
    usage: _Usage


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    data: list[_Model]


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    body: bytes
    retry_after_s: float


class OpenAIEngine:
    """One request an answer, not streamed; retried while the deadline allows."""

    name = "openai"
    revises = True

    def __init__(
        self,
        *,
        url: str,
        model: str,
        api_key: SecretStr,
        company: str = "",
        adapters: Mapping[Language, str] = MappingProxyType({}),
    ) -> None:
        self.model = model
        # vLLM and its like serve each LoRA as a model of its own name.
        self._adapters = adapters
        self.prompt_version = version()
        self._url = url.rstrip("/")
        self._api_key = api_key
        self._company = company
        self._running: dict[str, Callable[[], object]] = {}
        self.fills_forms = False

    def check(self) -> None:
        """Ask for the list of models, and whether the server obeys a JSON schema; one that has no list is trusted.

        Raises:
            EngineError: unreachable, wrong key or unknown model.
        """
        self._find_model()
        self.fills_forms = self._obeys_schemas()
        if not self.fills_forms:
            _log.warning(
                "the server does not obey response_format json_schema: it answers questions, but reads no messages",
                model=self.model,
            )

    def _find_model(self) -> None:
        response = asyncio.run(self._within(time.time() + _CHECK_S, self._request("GET", "models", None)))
        if response.status == _NOT_FOUND:
            return
        self._accept(response)
        try:
            served = [model.id for model in _Models.model_validate_json(response.body).data]
        except ValidationError as error:
            raise EngineGarbageError(f"{self._url} does not answer like an OpenAI-compatible server") from error
        for key, name in (("LLM_MODEL=", self.model), *(("LLM_ADAPTERS: ", name) for name in self._adapters.values())):
            # Ollama lists «name:latest» for what is asked for as «name».
            if name not in served and f"{name}:latest" not in served:
                known = ", ".join(served[:_SHOWN_MODELS]) or "no model"
                raise EngineRefusedError(f"{key}{name} is not served by {self._url}, which has: {known}")

    def generate(self, job: GenerationJob, *, deadline: float, criticism: tuple[str, ...] = ()) -> Answer:
        """Return what the model wrote.

        Raises:
            EngineError: no answer by the deadline.
        """
        request = {
            "model": self._adapters.get(job.language, self.model),
            "messages": messages(job, company=self._company, criticism=criticism),
            "temperature": 0,
            "max_tokens": _MAX_TOKENS,
            "stream": False,
        }
        tokens: dict[str, int] = {}
        answer = self._complete(request, deadline, tokens)
        text = asyncio.run(self._cancellable(job.job_id, self._within(deadline, answer)))
        return Answer(text, cited(text), model=self._adapters.get(job.language, ""), tokens=tokens)

    def fill(self, form: Form, *, deadline: float) -> str:
        """Fill a form in by its JSON schema.

        Raises:
            EngineError: there is none by the deadline.
        """
        request = {
            "model": self.model,
            "messages": [{"role": "system", "content": form.rules}, {"role": "user", "content": form.task}],
            "temperature": 0,
            "max_tokens": form.budget,
            "stream": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "form", "strict": True, "schema": form.schema},
            },
        }
        return asyncio.run(self._within(deadline, self._complete(request, deadline)))

    def _obeys_schemas(self) -> bool:
        """Try a schema that no model would fulfil by chance: some servers ignore what they do not know."""
        word = f"w{secrets.token_hex(4)}"
        schema = {
            "type": "object",
            "properties": {word: {"enum": [word]}},
            "required": [word],
            "additionalProperties": False,
        }
        greeting = Form(rules="Be polite.", task="Say hello.", grammar="", schema=schema, budget=_PROBE_TOKENS)
        try:
            return bool(json.loads(self.fill(greeting, deadline=time.time() + _CHECK_S)) == {word: word})
        except (EngineError, ValueError, RecursionError) as error:
            _log.debug("the schema was not obeyed", error=type(error).__name__)
            return False

    def cancel(self, job_id: str) -> None:
        """Close the connection of the job's request, which makes servers stop decoding."""
        stop = self._running.get(job_id)
        if stop:
            with suppress(RuntimeError):  # its loop has just closed: the answer was faster
                stop()

    async def _cancellable(self, job_id: str, answer: Coroutine[None, None, str]) -> str:
        task = asyncio.ensure_future(answer)
        loop = asyncio.get_running_loop()
        self._running[job_id] = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            return await task
        except asyncio.CancelledError as error:
            raise EngineCancelledError("the job was withdrawn") from error
        finally:
            self._running.pop(job_id, None)

    async def _within(self, deadline: float, answer: Coroutine[None, None, T]) -> T:
        """Bound the whole exchange: httpx's own timeouts start anew with every byte of a slow server."""
        try:
            async with asyncio.timeout(deadline - time.time()):
                return await answer
        except TimeoutError as error:
            raise EngineTimeoutError(f"{self._url} did not answer in time") from error

    async def _complete(self, request: dict[str, object], deadline: float, tokens: dict[str, int] | None = None) -> str:
        """Return what was written; ``tokens`` is told how many were read and written, if the server says so."""
        attempt = 0
        while True:
            try:
                response = await self._request("POST", "chat/completions", request)
                self._accept(response)
                if tokens is not None:
                    tokens.update(_counted(response.body))
                return self._text(response.body)
            except EngineUnavailableError as error:
                pause_s = min(_BACKOFF_CAP_S, _BACKOFF_S * 2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311  # jitter
                pause_s = max(pause_s, error.retry_after_s)
                if time.time() + pause_s >= deadline:
                    raise
                attempt += 1
                _log.warning("engine is tried again", reason=str(error), attempt=attempt)
                await asyncio.sleep(pause_s)

    async def _request(self, method: str, path: str, content: dict[str, object] | None) -> _Response:
        key = self._api_key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(None, connect=_CONNECT_S)
        try:
            async with (
                httpx.AsyncClient(headers=headers, timeout=timeout) as client,
                client.stream(method, f"{self._url}/{path}", json=content) as response,
            ):
                body = await self._body(response)
                return _Response(response.status_code, body, _seconds(response.headers.get("retry-after", "")))
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise EngineUnavailableError(f"{self._url} cannot be reached ({type(error).__name__})") from error

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _MAX_BYTES:
                raise EngineGarbageError(f"{self._url} answered with more than {_MAX_BYTES} bytes")
        return bytes(body)

    def _accept(self, response: _Response) -> None:
        status = response.status
        if status == _OK:
            return
        if status in _UNAUTHORISED:
            raise EngineRefusedError(f"{self._url} refuses LLM_API_KEY (status {status})")
        if status in _RETRIED:
            raise EngineUnavailableError(
                f"{self._url} is overloaded or broken (status {status})", retry_after_s=response.retry_after_s
            )
        if status == _NOT_FOUND:
            raise EngineRefusedError(f"{self._url} has no chat completions or no model {self.model} (status 404)")
        raise EngineRefusedError(f"{self._url} does not accept the request (status {status})")

    def _text(self, body: bytes) -> str:
        try:
            completion = _Completion.model_validate(json.loads(body))
        except (ValueError, RecursionError) as error:
            raise EngineGarbageError(f"{self._url} answered with something that is no chat completion") from error
        if not completion.choices:
            raise EngineGarbageError(f"{self._url} answered without any choice")
        choice = completion.choices[0]
        if choice.finish_reason == "length":
            raise EngineGarbageError(f"{self.model} did not finish within the tokens that it was given")
        text = _THINKING.sub("", choice.message.content or "").strip()
        if not text:
            raise EngineGarbageError(f"{self.model} wrote nothing")
        return text


def _counted(body: bytes) -> dict[str, int]:
    try:
        usage = _Counted.model_validate_json(body).usage
    except ValidationError:  # optional: not every server counts
        return {}
    return {"prompt": usage.prompt_tokens, "written": usage.completion_tokens}


def _seconds(value: str) -> float:
    try:
        return min(max(float(value), 0.0), 3600.0)
    except ValueError:
        return 0.0
