"""The card of a conversation: what an operator needs at a glance, in one pinned message that is edited in place."""

import hashlib
from dataclasses import dataclass
from typing import Final

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.formatting import BlockQuote, Bold, Text

from bot.texts import Texts
from support.board import State
from support.masking import mask
from support.tables import CustomerRow, EscalationRow

QUESTION_LENGTH: Final = 1500
DRAFT_LENGTH: Final = 1500
TOPIC_NAME_LENGTH: Final = 128
ICONS: Final = {State.NEW: "🆕", State.WAITING: "💬", State.ANSWERED: "✅", State.OVERDUE: "🔥", State.CLOSED: "☑️"}
URGENT: Final = "❗️"


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown."""

    text: Text
    markup: InlineKeyboardMarkup | None = None

    @property
    def digest(self) -> str:
        """Differs when anything that is shown differs."""
        words, entities = self.text.render()
        parts = (words, *(entity.model_dump_json(exclude_none=True) for entity in entities))
        buttons = self.markup.model_dump_json(exclude_none=True) if self.markup else ""
        return hashlib.sha256("\0".join((*parts, buttons)).encode()).hexdigest()


def topic_name(customer: CustomerRow, state: State, escalation: EscalationRow | None = None) -> str:
    """Name a topic for a person: icon of the state, name, language."""
    urgent = URGENT if escalation is not None and escalation.priority and state is not State.CLOSED else ""
    return f"{ICONS[state]}{urgent} {customer.name} · {customer.language.upper()}"[:TOPIC_NAME_LENGTH]


def card(
    texts: Texts, customer: CustomerRow, escalation: EscalationRow, state: State, assignee: str | None = None
) -> Card:
    """Draw the card. ``assignee``: the name of the operator who has the conversation."""
    name = f"{customer.name} (@{customer.username})" if customer.username else customer.name
    since = f"{escalation.opened_at.astimezone():%d.%m %H:%M}"
    urgent = URGENT if escalation.priority else ""
    parts: list[str | Text] = [
        Bold(f"{ICONS[state]}{urgent} {name} · {customer.language.upper()}"),
        "\n",
        texts("card-state", state=texts(f"state-{state}"), since=since),
        "\n",
        texts("card-assignee", name=assignee) if assignee else texts("card-nobody"),
        "\n",
        texts("card-why", reason=texts(f"reason-{escalation.reason.replace('_', '-')}")),
    ]
    if escalation.summary:
        parts += ["\n", texts("card-summary", summary=mask(escalation.summary))]
    asked = mask(escalation.question[:QUESTION_LENGTH]) or texts("card-no-words")
    parts += ["\n\n", texts("card-question"), "\n", BlockQuote(asked)]
    if escalation.draft:
        parts += ["\n\n", texts("card-draft"), "\n", BlockQuote(escalation.draft[:DRAFT_LENGTH])]
    if state is State.CLOSED:
        if escalation.close_reason:
            parts += ["\n\n", texts("card-closed", reason=escalation.close_reason)]
    else:
        parts += ["\n\n", texts("card-hint")]
    return Card(Text(*parts))
