"""What the commands share: settings, and coroutines run to their end."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from otvet.errors import CommandError
from support.settings import Settings, load

T = TypeVar("T")


def load_settings(*, quiet: bool = False) -> Settings:
    """Read the settings and send logs where they say; ``quiet``: only warnings, unless LOG_LEVEL is set.

    Raises:
        SettingsError: a key is malformed.
    """
    from otvet.logs import configure  # noqa: PLC0415  # structlog is not needed for --help

    settings = load()
    if quiet and "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "WARNING"})
    configure(settings)
    return settings


def load_bot_settings() -> Settings:
    """Read the settings of a process that talks to Telegram.

    Raises:
        SettingsError: a key is malformed.
        CommandError: the token is missing.
    """
    settings = load_settings()
    if not settings.bot_token.get_secret_value():
        raise CommandError(
            "BOT_TOKEN is not set: get one from @BotFather and put it into .env, or try without one: otvet demo."
        )
    return settings


async def demand_schema(settings: Settings) -> None:
    """Refuse a database without this version's tables; no file is made where there is none.

    Raises:
        CommandError: it is not there, or another version's.
    """
    from support import schema  # noqa: PLC0415

    if not await schema.is_current(settings.sql_url):
        raise CommandError("The database is not at this version's schema: run otvet db upgrade.")


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; an address that no driver knows becomes a sentence.

    Raises:
        CommandError: DATABASE_URL is malformed, or the database cannot be reached.
    """
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError  # noqa: PLC0415

    try:
        return asyncio.run(work)
    except (ArgumentError, NoSuchModuleError) as error:
        raise CommandError(
            "DATABASE_URL cannot be used: it must look like postgresql://user:password@host/name or sqlite:///path."
        ) from error
    except (OperationalError, ConnectionError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        raise CommandError(
            f"The database cannot be reached or written ({reason}): check DATABASE_URL and DATA_DIR."
        ) from error
