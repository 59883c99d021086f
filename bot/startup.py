"""What must hold before the bot serves: the token, the operators' groups, the bot's rights in them, the webhook."""

import asyncio
from collections.abc import Container
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog
from aiogram import Bot
from aiogram.enums import ChatAction
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import (
    DeleteWebhook,
    GetChat,
    GetChatMember,
    GetMe,
    SendChatAction,
    SetMyCommands,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    ChatMemberAdministrator,
    ChatMemberOwner,
    ResultChatMemberUnion,
    User,
)

from bot.arrivals import ALLOWED_UPDATES
from bot.texts import LANGUAGES, Library

PAUSES_S: Final = (1, 2, 4, 8, 15, 30)
CALL_S: Final = 10
# A group that cannot be looked at for so long is taken on trust: the bot must not stay away because of it.
CHECK_S: Final = 30.0
MAX_CONNECTIONS: Final = 40
NO_GROUP: Final = "OPERATORS_CHAT_ID is not set: the bot needs a forum group where operators answer"
UNKNOWN_BOT: Final = "Telegram refuses BOT_TOKEN: get a valid one from @BotFather"
CUSTOMER_COMMANDS: Final = ("start", "help", "order", "operator", "language", "mydata", "forget")
OPERATOR_COMMANDS: Final = (
    "take",
    "release",
    "transfer",
    "urgent",
    "close",
    "bot",
    "note",
    "c",
    "order",
    "kb",
    "intent",
    "delete",
    "away",
    "back",
    "languages",
    "commands",
    "ban",
    "unban",
    "senior",
)
RIGHTS: Final = (("can_delete_messages", "Delete messages"), ("can_pin_messages", "Pin messages"))
# Answers that would be the same a minute later; everything else is a Telegram that is slow, throttling or down.
REFUSALS: Final = (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
T = TypeVar("T")
log = structlog.get_logger()


class StartError(Exception):
    """The bot cannot serve; the message is one sentence that says what to do."""


async def _patiently(bot: Bot, method: TelegramMethod[T], *, within_s: float | None = None) -> T:
    """Call until Telegram accepts or refuses; a throttled call waits for exactly as long as it is told.

    Raises:
        TelegramAPIError: one of REFUSALS.
        TimeoutError: the next attempt would begin later than ``within_s``.
    """
    clock = asyncio.get_running_loop()
    until = None if within_s is None else clock.time() + within_s
    attempt = 0
    while True:
        pause_s: float = PAUSES_S[min(attempt, len(PAUSES_S) - 1)]
        try:
            answer = await bot(method, request_timeout=CALL_S)
        except REFUSALS:
            raise
        except TelegramRetryAfter as error:
            pause_s = error.retry_after
            log.warning("Telegram asks to wait (429)", method=method.__api_method__, in_s=pause_s)
        except (TelegramAPIError, ClientDecodeError, OSError, TypeError, ValueError) as error:
            # TypeError and ValueError: aiogram meets an error without description, or bytes that are no text.
            cause = type(error.__cause__ or error).__name__
            log.warning("Telegram cannot be reached at TELEGRAM_API_URL: trying again", in_s=pause_s, error=cause)
        else:
            if answer is not None:
                return answer
            log.warning("Telegram answered nothing: trying again", method=method.__api_method__, in_s=pause_s)
        if until is not None and clock.time() + pause_s > until:
            raise TimeoutError
        attempt += 1
        await asyncio.sleep(pause_s)


async def identify(bot: Bot) -> User:
    """Return who the bot is; waits for a Telegram that is slow, throttling or down.

    Raises:
        StartError: the token is wrong.
    """
    try:
        return await _patiently(bot, GetMe())
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise StartError(UNKNOWN_BOT) from None


@dataclass(frozen=True, slots=True)
class GroupState:
    """An operators' group as the bot finds it; ``id`` is its new one if it has become a supergroup."""

    id: int
    problem: str | None = None
    """Why it cannot be used, and what to do."""
    complaints: tuple[str, ...] = ()
    """What works less well than it could, and what to do."""


async def inspect_group(bot: Bot, group: int, bot_id: int) -> GroupState:
    """Find out whether the bot can work in an operators' group.

    Raises:
        TelegramAPIError: Telegram does not say.
        TimeoutError: not within CHECK_S.
    """
    group = await _follow(bot, group)
    try:
        chat = await _patiently(bot, GetChat(chat_id=group), within_s=CHECK_S)
        member = await _patiently(bot, GetChatMember(chat_id=group, user_id=bot_id), within_s=CHECK_S)
    except (TelegramBadRequest, TelegramForbiddenError) as error:
        closed = f"the operators' group {group} is closed to the bot ({error.message}): add it, check OPERATORS_CHAT_ID"
        return GroupState(group, closed)
    if not chat.is_forum:
        return GroupState(group, f"the operators' group {group} is no forum: switch Topics on in its settings")
    return _judge(group, member)


async def _follow(bot: Bot, group: int) -> int:
    """Return the id that the group has now."""
    # Of a group that has become a supergroup Telegram goes on reading aloud; only who writes there learns of it.
    probe = SendChatAction(chat_id=group, action=ChatAction.TYPING)
    try:
        await _patiently(bot, probe, within_s=CHECK_S)
    except TelegramMigrateToChat as error:
        return error.migrate_to_chat_id
    except TelegramAPIError as error:
        log.debug("the bot cannot write to the operators' group", group=group, error=type(error).__name__)
    return group


def _judge(group: int, member: ResultChatMemberUnion) -> GroupState:
    if isinstance(member, ChatMemberOwner):
        return GroupState(group)
    if not isinstance(member, ChatMemberAdministrator):
        stranger = f"the bot is no administrator of the operators' group {group}: make it one, or it sees nothing there"
        return GroupState(group, stranger)
    if not member.can_manage_topics:
        return GroupState(group, _lack(group, "Manage topics"))
    return GroupState(group, None, tuple(_lack(group, title) for name, title in RIGHTS if not getattr(member, name)))


def _lack(group: int, right: str) -> str:
    return f"in the operators' group {group} the bot lacks the right «{right}»: grant it"


async def _as_far_as_known(bot: Bot, group: int, bot_id: int) -> GroupState:
    try:
        return await inspect_group(bot, group, bot_id)
    except (TelegramAPIError, TimeoutError) as error:
        log.warning("the operators' group could not be checked", group=group, error=type(error).__name__)
        return GroupState(group)


async def check_groups(
    bot: Bot, groups: tuple[int, ...], bot_id: int, *, paused: Container[int] = ()
) -> tuple[int, ...]:
    """Return the operators' groups to use: those that work, each under the id that it has now.

    One that cannot be checked now is used; so is one that Telegram wants left alone (``paused``). Without any nobody
    would get the questions the bot cannot answer.

    Raises:
        StartError: no group can be used.
    """
    if not groups:
        raise StartError(NO_GROUP)
    usable: list[int] = []
    problems: list[str] = []
    for group in groups:
        state = GroupState(group) if group in paused else await _as_far_as_known(bot, group, bot_id)
        if state.id != group:
            log.warning("an operators' group has a new id: put it into OPERATORS_CHAT_ID", old=group, new=state.id)
        for complaint in state.complaints:
            log.warning(complaint)
        if state.problem:
            problems.append(state.problem)
        elif state.id not in usable:
            usable.append(state.id)
    if not usable:
        raise StartError("; ".join(problems))
    for problem in problems:
        log.warning(problem)
    return tuple(usable)


async def set_webhook(bot: Bot, url: str, secret: str, *, max_connections: int = MAX_CONNECTIONS) -> None:
    """Have updates pushed to an address; waits for a Telegram that is slow, throttling or down.

    Raises:
        StartError: Telegram refuses the address, or the token.
    """
    method = SetWebhook(
        url=url, secret_token=secret, max_connections=max_connections, allowed_updates=list(ALLOWED_UPDATES)
    )
    try:
        await _patiently(bot, method)
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise StartError(UNKNOWN_BOT) from None
    except TelegramAPIError as error:
        raise StartError(
            f"Telegram refuses WEBHOOK_URL ({error.message}): it must be a public https address on port 443, 80, 88 or "
            "8443 with a valid certificate; leave it empty to poll instead"
        ) from None


async def has_lost_webhook(bot: Bot, url: str) -> bool:
    """Whether Telegram pushes updates elsewhere, or nowhere; False when that cannot be asked now.

    Raises:
        StartError: the token is not valid any more.
    """
    try:
        return (await bot.get_webhook_info(request_timeout=CALL_S)).url != url
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise StartError(UNKNOWN_BOT) from None
    except (TelegramAPIError, ClientDecodeError):
        return False


async def leave_webhook(bot: Bot) -> None:
    """Make polling possible; waits for Telegram, and leaves a refusal to polling, which meets it too."""
    try:
        await _patiently(bot, DeleteWebhook())
    except TelegramAPIError as error:
        log.warning("an earlier webhook could not be removed", error=type(error).__name__)


async def publish_commands(bot: Bot, library: Library) -> None:
    """Fill the menu of commands, for as long as it takes: meant to run beside everything else. Never fails."""
    for language in LANGUAGES:
        texts = library.of(language)
        code = None if language == "en" else language
        menu = [BotCommand(command=name, description=texts(f"command-{name}")) for name in CUSTOMER_COMMANDS]
        desk = [BotCommand(command=name, description=texts(f"command-operator-{name}")) for name in OPERATOR_COMMANDS]
        in_groups = BotCommandScopeAllGroupChats()
        for method in (
            SetMyCommands(commands=menu, language_code=code),
            SetMyCommands(commands=desk, scope=in_groups, language_code=code),
        ):
            try:
                await _patiently(bot, method)
            except TelegramAPIError as error:
                log.warning("a menu of commands could not be published", language=language, error=type(error).__name__)
