"""What a customer hears of the people on the other side: who answers him, when they are there, that it is over.

That somebody is writing cannot be shown to either side: the Bot API tells bots nothing of people who type. Nor is
«typing» shown while an operator's words are passed on: they go out by file id within milliseconds.
"""

from datetime import datetime

from bot import keyboards, prospects
from bot.rendering import Renderer
from bot.services import Services
from bot.texts import Texts
from bot.unit import Unit
from support.desk_file import Hours
from support.desk_tables import OperatorRow
from support.hours import next_opening
from support.tables import CustomerRow, EscalationRow


async def introduce(
    unit: Unit, customer: CustomerRow, escalation: EscalationRow, operator: OperatorRow, services: Services
) -> None:
    """Say who answers, once a conversation; a colleague who takes over is named as well.

    After his first words: they are what must not wait, and what an operator has to know of when it does not arrive.
    """
    if services.file.assignment.show_names:
        told = services.texts(customer)("who-answers", name=(operator.name.split() or [operator.name])[0])
        await services.renderer.say(unit, customer, f"escalation:{escalation.id}:who:{operator.user_id}", told)


async def tell_hours(unit: Unit, customer: CustomerRow, escalation: EscalationRow, services: Services) -> None:
    """Say once while the desk is closed that nobody reads his words before it opens."""
    hours = services.file.hours
    opens_at = next_opening(hours, unit.now)
    if opens_at == unit.now or _knows(hours, escalation, opens_at):
        return
    told = prospects.closed(services.texts(customer), opens_at, hours, unit.now)
    key = f"escalation:{escalation.id}:hours:{int(opens_at.timestamp()) if opens_at else 'never'}"
    await services.renderer.say(unit, customer, key, told)


def _knows(hours: Hours, escalation: EscalationRow, opens_at: datetime | None) -> bool:
    """Whether the customer heard of it when a person was called."""
    return next_opening(hours, escalation.opened_at) == opens_at


async def say_farewell(
    unit: Unit, renderer: Renderer, customer: CustomerRow, escalation: EscalationRow, told: str | None = None
) -> None:
    """Say that the conversation is over and what follows, and ask for a rating where the desk wants one."""
    texts = renderer.library.of(customer.language)
    text = told or _over(texts, escalation, renderer.file.closing.reopen_min)
    # A conversation that goes on is closed again, which has to be said again.
    key = f"escalation:{escalation.id}:closed:{int(unit.now.timestamp())}"
    if escalation.rating_asked_at is None:
        await renderer.say(unit, customer, key, text, markup=keyboards.gone())
        return
    asked = f"{text}\n\n{texts('closed-rate')}"
    await renderer.say(unit, customer, key, asked, markup=keyboards.scores(texts, escalation.id))


def _over(texts: Texts, escalation: EscalationRow, minutes: int) -> str:
    return texts("closed-reopens", n=minutes) if minutes and escalation.reopens_until else texts("escalation-closed")
