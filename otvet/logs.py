"""Logging: structlog over the standard library, one event a line, no secrets and nothing about people."""

import logging
import re
import sys
from typing import Any, Final

import structlog

from support import masking
from support.settings import Settings

TOKEN = re.compile(r"(?<!\d)\d{4,}:[A-Za-z0-9_-]{4,}")
PASSWORD_IN_URL = re.compile(r"(?<=://)([^\s:/@]*):[^\s/@]+@")
SECRET_SAID = re.compile(
    r"(?i)\b(bearer |(?:api[_-]?key|token|password|secret|authorization)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]{6,}"
)
# Fields of our own making: ids, names of modules and classes.
PLAIN: Final = frozenset({"timestamp", "level", "logger", "job_id", "chat_id", "turn_id", "key", "method", "outcome"})
MAY_BE_PERSONAL = re.compile(r"[^\x00-\x7f]|[A-Z@]|\d{5}|\d{2}[ .()-]\d")
# They log every request, with the token in its address.
TALKATIVE = (
    "aiogram",
    "aiohttp",
    "alembic",
    "asyncio",
    "httpx",
    "httpcore",
    "pymorphy3",
    "rq",
    "sqlalchemy",
    "urllib3",
)


def mask(text: str) -> str:
    """Hide bot tokens, passwords of addresses and whatever is called a key or a password."""
    return SECRET_SAID.sub(r"\1***", PASSWORD_IN_URL.sub(r"\1:***@", TOKEN.sub("***", text)))


def mask_people(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Hide phones, names and the like in every value of an event: a processor of structlog."""
    return {name: value if name in PLAIN else _without_people(value) for name, value in event.items()}


def _without_people(value: Any) -> Any:  # noqa: ANN401  # whatever is logged
    match value:
        case str():
            return masking.mask(value) if MAY_BE_PERSONAL.search(value) else value
        case dict():
            return {name: _without_people(one) for name, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_without_people(one) for one in value]
        case _:
            return value


class MaskingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders an event and hides secrets in the whole line, wherever they came from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to write."""
        return mask(super().format(record))


def configure(settings: Settings) -> None:
    """Send every log of the process to stderr in the format that LOG_FORMAT asks for."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso" if settings.log_format == "json" else "%H:%M:%S", utc=True),
        structlog.processors.format_exc_info,
        mask_people,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        MaskingFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
