"""From a stored update to its handler, and what becomes of one that no handler could deal with."""

from typing import Any

import structlog
from aiogram import Bot, Dispatcher
from aiogram import types as telegram
from pydantic import ValidationError

from bot.handlers import admin, buttons, customer, operator
from bot.incoming import person_of
from bot.services import Services
from bot.unit import Unit
from support.customers import CustomerRepository
from support.escalations import EscalationReason

log = structlog.get_logger()


class Updates:
    """Hands updates to handlers; kinds that nobody handles are dropped without harm."""

    def __init__(self, bot: Bot, services: Services) -> None:
        self._bot = bot
        self._services = services
        self._dispatcher = Dispatcher(disable_fsm=True)
        for module in (admin, operator, customer, buttons):
            self._dispatcher.include_router(module.build())

    async def handle(self, unit: Unit, incoming: dict[str, Any]) -> None:
        """Handle one update within the unit of work."""
        try:
            update = telegram.Update.model_validate(incoming, context={"bot": self._bot})
        except ValidationError as error:
            log.warning("an update that cannot be read is dropped", problems=error.error_count())
            return
        await self._dispatcher.feed_update(self._bot, update, unit=unit, services=self._services)

    async def give_up(self, unit: Unit, incoming: dict[str, Any]) -> None:
        """Call a person for a private message that could not be handled: never silence."""
        message = incoming.get("message")
        if not isinstance(message, dict) or message.get("chat", {}).get("type") != "private":
            return
        sender = telegram.User.model_validate(message["from"])
        person = person_of(sender, message["chat"]["id"])
        owner = await CustomerRepository(unit.session).get_or_add(person, unit.now)
        outcome = await self._services.desk.escalate(unit.session, owner, EscalationReason.ERROR, unit.now)
        await self._services.renderer.render(unit, owner, outcome, f"given-up:{incoming['update_id']}")
