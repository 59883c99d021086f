"""From a stored update to its handler, and what becomes of one that no handler could deal with."""

from typing import Any, Final, Literal

import structlog
from aiogram import Bot, Dispatcher
from aiogram import types as telegram
from aiogram.methods import CopyMessage
from pydantic import BaseModel, Field, ValidationError

from bot.handlers import (
    admin,
    answer_audit,
    assignment,
    buttons,
    canned,
    chats,
    closing,
    colleagues,
    correcting,
    customer,
    deletion,
    desk_buttons,
    drafts,
    holding,
    kb_search,
    operator,
    operator_orders,
    privacy,
    quarantining,
    rating,
    reactions,
    statistics,
)
from bot.incoming import person_of
from bot.services import Services
from bot.unit import Unit
from support.escalations import EscalationReason

log = structlog.get_logger()
_BUTTONS: Final = {
    **assignment.BUTTONS,
    **holding.BUTTONS,
    **drafts.BUTTONS,
    **kb_search.BUTTONS,
    **canned.BUTTONS,
    **closing.BUTTONS,
    **correcting.BUTTONS,
}


class _PrivateChat(BaseModel):
    id: int
    type: Literal["private"]


class _Letter(BaseModel):
    """As much of a private message as it takes to show it to a person."""

    message_id: int
    chat: _PrivateChat
    sender: telegram.User = Field(alias="from")


class Updates:
    """Hands updates to handlers; kinds that nobody handles are dropped without harm."""

    def __init__(self, bot: Bot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._dispatcher = Dispatcher(disable_fsm=True)
        for module in (
            chats,
            colleagues,
            kb_search,
            canned,
            quarantining,
            answer_audit,
            correcting,
            admin,
            statistics,
            privacy,
            assignment,
            deletion,
            operator_orders,
            closing,
            operator,
            rating,
            customer,
            buttons,
            reactions,
        ):
            self._dispatcher.include_router(module.build())
        self._dispatcher.include_router(desk_buttons.build(_BUTTONS))

    async def handle(self, unit: Unit, incoming: dict[str, Any]) -> None:
        """Handle one update within the unit of work."""
        try:
            update = telegram.Update.model_validate(incoming, context={"bot": self._bot})
        except ValidationError as error:
            log.warning("an update cannot be read", problems=error.error_count())
            await self.give_up(unit, incoming)
            return
        await self._dispatcher.feed_update(self._bot, update, unit=unit, services=self._services)

    async def give_up(self, unit: Unit, incoming: dict[str, Any]) -> None:
        """Call a person for a private message that could not be handled: never silence, but to a banned customer."""
        try:
            letter = _Letter.model_validate(incoming.get("message"))
        except ValidationError:
            return
        person = person_of(letter.sender, letter.chat.id)
        owner = await self._services.customer(unit, person)
        if owner.banned_at is not None:
            return
        outcome = await self._services.desk.escalate(unit.session, owner, EscalationReason.ERROR, unit.now)
        await self._services.renderer.render(unit, owner, outcome, f"given-up:{incoming['update_id']}")
        # Nothing of ours holds its words: Telegram has to show them.
        copy = CopyMessage(chat_id=0, from_chat_id=letter.chat.id, message_id=letter.message_id)
        await unit.to_topic(copy, owner, f"message:{letter.chat.id}:{letter.message_id}:relay")
