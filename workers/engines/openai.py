"""Any server with OpenAI's chat completions: vLLM, SGLang, llama-server, TGI, Ollama, or OpenAI's own."""

import json
import re
import secrets
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import structlog
from pydantic import BaseModel, SecretStr

from support.jobs import GenerationJob, Language
from workers.citations import cited
from workers.conversation import messages
from workers.engines.base import Answer, EngineError, EngineGarbageError, Form
from workers.engines.server import CHECK_S, Server, counted
from workers.promptbook import version

_MAX_TOKENS: Final = 600
_PROBE_TOKENS: Final = 100
_THINKING: Final = re.compile(r"<think>.*?</think>", re.DOTALL)

_log = structlog.get_logger()


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice]


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
        self._server = Server(url=url, api_key=api_key)
        self._company = company
        self.fills_forms = False

    def check(self) -> None:
        """Ask for the list of models, and whether the server obeys a JSON schema; one that has no list is trusted.

        Raises:
            EngineError: unreachable, wrong key or unknown model.
        """
        self._server.find([("LLM_MODEL=", self.model), *(("LLM_ADAPTERS: ", name) for name in self._adapters.values())])
        self.fills_forms = self._obeys_schemas()
        if not self.fills_forms:
            _log.warning(
                "the server does not obey response_format json_schema: it answers questions, but reads no messages",
                model=self.model,
            )

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
        body = self._server.run(self._server.complete(request, until=deadline), deadline=deadline, job_id=job.job_id)
        text = self._text(body)
        return Answer(text, cited(text), model=self._adapters.get(job.language, ""), tokens=counted(body))

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
        return self._text(self._server.run(self._server.complete(request, until=deadline), deadline=deadline))

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
            return bool(json.loads(self.fill(greeting, deadline=time.time() + CHECK_S)) == {word: word})
        except (EngineError, ValueError, RecursionError) as error:
            _log.debug("the schema was not obeyed", error=type(error).__name__)
            return False

    def cancel(self, job_id: str) -> None:
        """Hang up on the server that works on the job."""
        self._server.cancel(job_id)

    def _text(self, body: bytes) -> str:
        try:
            completion = _Completion.model_validate(json.loads(body))
        except (ValueError, RecursionError) as error:
            raise EngineGarbageError(
                f"{self._server.url} answered with something that is no chat completion"
            ) from error
        if not completion.choices:
            raise EngineGarbageError(f"{self._server.url} answered without any choice")
        choice = completion.choices[0]
        if choice.finish_reason == "length":
            raise EngineGarbageError(f"{self.model} did not finish within the tokens that it was given")
        text = _THINKING.sub("", choice.message.content or "").strip()
        if not text:
            raise EngineGarbageError(f"{self.model} wrote nothing")
        return text
