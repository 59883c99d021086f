"""Logging: structlog over the standard library, one event a line, no secrets."""

import logging
import re
import sys
from typing import Any

import structlog

from support.settings import Settings

TOKEN = re.compile(r"(?<!\d)\d{4,}:[A-Za-z0-9_-]{4,}")
PASSWORD_IN_URL = re.compile(r"(?<=://)([^\s:/@]*):[^\s/@]+@")
# They log every request, with the token in its address.
TALKATIVE = ("aiogram", "aiohttp", "alembic", "asyncio", "httpx", "httpcore", "rq", "sqlalchemy", "urllib3")


def mask(text: str) -> str:
    """Hide bot tokens and passwords of addresses."""
    return PASSWORD_IN_URL.sub(r"\1:***@", TOKEN.sub("***", text))


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
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
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
