"""What must hold before the bot serves: the token, the operators' group, the bot's rights in it."""

import asyncio
from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand, BotCommandScopeAllGroupChats, ChatMemberAdministrator, ChatMemberOwner, User

from bot.texts import LANGUAGES, Library

PAUSES_S: Final = (1, 2, 4, 8, 15, 30)
CUSTOMER_COMMANDS: Final = ("start", "help", "order", "operator", "language")
OPERATOR_COMMANDS: Final = ("close", "note", "ban", "unban")
log = structlog.get_logger()


class StartError(Exception):
    """The bot cannot serve; the message is one sentence that says what to do."""


async def identify(bot: Bot) -> User:
    """Return who the bot is; waits for a Telegram that is slow, throttling or down.

    Raises:
        StartError: the token is wrong.
    """
    attempt = 0
    while True:
        try:
            return await bot.get_me(request_timeout=10)
        except (TelegramUnauthorizedError, TelegramNotFound):
            raise StartError("Telegram refuses BOT_TOKEN: get a valid one from @BotFather") from None
        except TelegramRetryAfter as error:
            pause_s: float = error.retry_after
        except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
            pause_s = PAUSES_S[min(attempt, len(PAUSES_S) - 1)]
            cause = type(error.__cause__ or error).__name__
            log.warning("Telegram cannot be reached at TELEGRAM_API_URL: trying again", in_s=pause_s, error=cause)
        attempt += 1
        await asyncio.sleep(pause_s)


async def problems_of_group(bot: Bot, group: int, bot_id: int) -> list[str]:
    """Return what is wrong with an operators' group, one sentence each; empty when nothing is."""
    try:
        chat = await bot.get_chat(group, request_timeout=10)
        member = await bot.get_chat_member(group, bot_id, request_timeout=10)
    except (TelegramBadRequest, TelegramForbiddenError) as error:
        return [f"the operators' group {group} is closed to the bot ({error.message}): add it, check OPERATORS_CHAT_ID"]
    if not chat.is_forum:
        return [f"the operators' group {group} is no forum: switch Topics on in its settings"]
    if isinstance(member, ChatMemberOwner):
        return []
    if not isinstance(member, ChatMemberAdministrator):
        return [f"the bot is no administrator of the operators' group {group}: make it one, or it sees nothing there"]
    if not member.can_manage_topics:
        return [f"in the operators' group {group} the bot lacks the right «Manage topics»: grant it"]
    return []


async def check_groups(bot: Bot, groups: tuple[int, ...], bot_id: int) -> None:
    """Refuse to serve without a working operators' group: nobody would get the questions the bot cannot answer.

    Raises:
        StartError: a group cannot be used.
    """
    if not groups:
        raise StartError("OPERATORS_CHAT_ID is not set: the bot needs a forum group where operators answer")
    for group in groups:
        try:
            problems = await problems_of_group(bot, group, bot_id)
        except (TelegramAPIError, ClientDecodeError) as error:
            log.warning("the operators' group could not be checked", group=group, error=type(error).__name__)
            continue
        if problems:
            raise StartError("; ".join(problems))


async def leave_webhook(bot: Bot) -> None:
    """Make polling possible; a failure shows itself when polling is refused."""
    try:
        await bot.delete_webhook()
    except (TelegramAPIError, ClientDecodeError) as error:
        log.warning("an earlier webhook could not be removed", error=type(error).__name__)


async def publish_commands(bot: Bot, library: Library) -> None:
    """Fill the menu of commands; a failure costs the menu only."""
    try:
        for language in LANGUAGES:
            texts = library.of(language)
            menu = [BotCommand(command=name, description=texts(f"command-{name}")) for name in CUSTOMER_COMMANDS]
            desk = [
                BotCommand(command=name, description=texts(f"command-operator-{name}")) for name in OPERATOR_COMMANDS
            ]
            code = None if language == "en" else language
            await bot.set_my_commands(menu, language_code=code)
            await bot.set_my_commands(desk, scope=BotCommandScopeAllGroupChats(), language_code=code)
    except (TelegramAPIError, ClientDecodeError) as error:
        log.warning("the menu of commands could not be published", error=type(error).__name__)
