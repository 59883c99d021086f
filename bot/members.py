"""Who is in the operators' groups: asked of Telegram at the start, because updates older than a day are lost."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiogram import Bot
from aiogram.enums import ChatMemberStatus
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramRetryAfter
from aiogram.types import ChatMemberRestricted, ResultChatMemberUnion
from sqlalchemy.exc import IntegrityError

from bot.incoming import member_of
from bot.rota import Rota
from bot.unit import Unit, Units
from support.availability import UNAVAILABLE
from support.operators import OperatorRepository
from support.pauses import PauseRepository

CALL_S: Final = 10
MOST_ASKED: Final = 200
GONE: Final = frozenset({ChatMemberStatus.LEFT, ChatMemberStatus.KICKED})
log = structlog.get_logger()

Pause = Callable[[int, float], Awaitable[None]]
"""Leaves a chat alone for so many seconds, whoever calls it next included."""


def is_in(member: ResultChatMemberUnion) -> bool:
    """Whether somebody is in a group; a restricted one may be or not (Bot API, ChatMemberRestricted)."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in GONE


async def learn(bot: Bot, units: Units, rota: Rota, pause: Pause) -> None:
    """Note the administrators of the groups, seniors at first, and who has left meanwhile. Never fails."""
    # IntegrityError: somebody wrote in the group at the same moment, so he is known by that.
    for group in rota.groups.ids:
        try:
            await _learn(bot, units, rota, group)
        except TelegramRetryAfter as error:
            await pause(group, error.retry_after)
        except (TelegramAPIError, ClientDecodeError, IntegrityError, *UNAVAILABLE) as error:
            log.warning("members of an operators' group could not be read", group=group, error=type(error).__name__)


async def leave(unit: Unit, rota: Rota, user_id: int, group: int, key: str) -> None:
    """Note that somebody left a group: his conversations there go to others."""
    operator = await OperatorRepository(unit.session).left(user_id, group, unit.now)
    if operator is not None:
        await rota.pass_on(unit, operator, by=user_id, key=key, group=group)


async def _learn(bot: Bot, units: Units, rota: Rota, group: int) -> None:
    async with units.database.reading() as session:
        paused = await PauseRepository(session).remaining(units.clock())
    if group in paused:
        # Telegram wants it left alone: who is in it shows by and by.
        return
    administrators = await bot.get_chat_administrators(group, request_timeout=CALL_S)
    people = [one.user for one in administrators if not one.user.is_bot]
    async with units.open() as unit:
        operators = OperatorRepository(unit.session)
        for user in people:
            await operators.joined(member_of(user), group, unit.now, senior=True)
        known = [one.user_id for one in await operators.present(group)]
    asked = set(known) - {user.id for user in people}
    for user_id in sorted(asked)[:MOST_ASKED]:
        member = await bot.get_chat_member(group, user_id, request_timeout=CALL_S)
        if not is_in(member):
            async with units.open() as unit:
                await leave(unit, rota, user_id, group, f"left:{group}:{user_id}:{unit.now.timestamp():.0f}")
