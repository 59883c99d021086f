"""The RQ job that reads a message: fill the form in, hand back what stands in it, or nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from support.readings import Reading, ReadingRequest
from workers.engines.base import EngineError, FormFiller
from workers.forms import form, read

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads messages with one engine. ``reply`` delivers; ``now`` is Unix time in seconds."""

    engine: FormFiller
    reply: Callable[[str, Reading], None]
    now: Callable[[], float] = time.time

    def run(self, payload: str) -> None:
        """Do one job. Raises nothing but RedisError from ``reply``."""
        try:
            request = ReadingRequest.model_validate_json(payload)
        except ValidationError as error:
            _log.error("reading job cannot be read", problems=error.error_count())
            return
        if self.now() >= request.deadline:
            return
        self.reply(request.id, self._reading(request))

    def _reading(self, request: ReadingRequest) -> Reading:
        try:
            return read(request, self.engine.fill(form(request), deadline=request.deadline))
        except EngineError as error:
            _log.warning("a message was not read", job_id=request.id, reason=str(error))
        except Exception as error:  # noqa: BLE001  # the job's edge: the bot goes on without
            _log.exception("reading broke", error=type(error).__name__)
        return Reading()


_reader: Reader | None = None


def serve_with(reader: Reader) -> None:
    """Set what the jobs of this process run on."""
    global _reader  # noqa: PLW0603  # one engine a process
    _reader = reader


def read_message(payload: str) -> None:
    """Do one job of the generate queue; support.queue names this function."""
    if _reader is None:
        raise RuntimeError("this process has no model that reads messages")
    _reader.run(payload)
