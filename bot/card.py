"""The card of a conversation: what an operator needs at a glance, in one pinned message that is edited in place."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, User
from aiogram.utils.formatting import BlockQuote, Bold, Text, TextMention

from bot import keyboards
from bot.card_help import Help, draft_rows
from bot.texts import Texts
from support import abuse
from support.board import State
from support.masking import mask
from support.tables import CustomerRow, EscalationRow

QUESTION_LENGTH: Final = 1500
DRAFT_LENGTH: Final = 1500
TOPIC_NAME_LENGTH: Final = 128
ICONS: Final = {State.NEW: "🆕", State.WAITING: "💬", State.OVERDUE: "🔥", State.CLOSED: "☑️"}
"""A conversation that is as it should be has none: an icon costs an edit to set and one to take away."""
URGENT: Final = "❗️"
REASONS_A_ROW: Final = 2
WORD_LENGTH: Final = 300
NO_HELP: Final = Help()


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown."""

    text: Text
    markup: InlineKeyboardMarkup | None
    digest: str
    """Differs when something differs that is worth an edit; the rest is shown with the next one."""


def _digest(text: Text, rows: Sequence[Sequence[InlineKeyboardButton]]) -> str:
    words, entities = text.render()
    parts = [words, *(entity.model_dump_json(exclude_none=True) for entity in entities)]
    parts += [button.model_dump_json(exclude_none=True) for row in rows for button in row]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def topic_name(customer: CustomerRow, state: State, escalation: EscalationRow | None = None) -> str:
    """Name a topic for a person: icon of the state, name, language."""
    urgent = URGENT if escalation is not None and escalation.priority and state is not State.CLOSED else ""
    name = f"{ICONS.get(state, '')}{urgent} {customer.name} · {customer.language.upper()}"
    return name.strip()[:TOPIC_NAME_LENGTH]


def card(
    texts: Texts,
    customer: CustomerRow,
    escalation: EscalationRow,
    state: State,
    assignee: str | None = None,
    *,
    reasons: Sequence[str] = (),
    help_: Help = NO_HELP,
) -> Card:
    """Draw the card.

    ``assignee``: the name of the operator who has the conversation; ``reasons``: offered for having closed it. Who
    has it and what was said in the topic itself are no reason for an edit.
    """
    name = f"{customer.name} (@{customer.username})" if customer.username else customer.name
    since = f"{escalation.opened_at.astimezone():%d.%m %H:%M}"
    urgent = URGENT if escalation.priority else ""
    head: list[str | Text] = [
        Bold(f"{urgent} {name} · {customer.language.upper()}".strip()),
        "\n",
        texts("card-since", since=since),
    ]
    parts: list[str | Text] = ["\n", texts("card-why", reason=_reason(texts, escalation, help_))]
    if help_.understood:
        parts += ["\n", help_.understood]
    if help_.tried:
        parts += ["\n", texts("card-tried", steps="; ".join(help_.tried))]
    if help_.orders:
        parts += ["\n", texts("card-orders", orders=", ".join(help_.orders))]
    if escalation.summary:
        parts += ["\n", texts("card-summary", summary=abuse.masked(mask(escalation.summary)))]
    asked = abuse.masked(mask(escalation.question[:QUESTION_LENGTH])) or texts("card-no-words")
    parts += ["\n\n", texts("card-question"), "\n", BlockQuote(asked)]
    parts += _draft(texts, help_)
    if escalation.rating is not None:
        parts += ["\n\n", texts("card-rating", stars=keyboards.STARS * escalation.rating)]
    if escalation.rating_text:
        parts += ["\n\n", texts("card-rating-word", word=mask(escalation.rating_text[:WORD_LENGTH]))]
    rows = _reason_rows(escalation, reasons) if state is State.CLOSED else draft_rows(texts, help_.offer)
    rows.append(list(help_.misread))
    last, take = _minor(texts, escalation, state)
    shown = [row for row in (*rows, take) if row]
    return Card(
        Text(*head, "\n", _assignee(texts, escalation, assignee), *parts, "\n\n" if last else "", last),
        InlineKeyboardMarkup(inline_keyboard=shown) if shown else None,
        _digest(Text(*head, *parts), rows),
    )


def _minor(texts: Texts, escalation: EscalationRow, state: State) -> tuple[str, list[InlineKeyboardButton]]:
    """Return the last line and the last row, which alone are worth no edit: how it was closed, or what to do now."""
    if state is State.CLOSED:
        return (texts("card-closed", reason=escalation.close_reason) if escalation.close_reason else "", [])
    # Nobody has it: one tap takes it.
    take = [] if escalation.assignee_id else [keyboards.desk(texts("button-take"), "take", escalation.id)]
    return texts("card-hint"), take


def _draft(texts: Texts, help_: Help) -> list[str | Text]:
    """Show the draft on offer, else what became of the last one, else what the customer was answered."""
    if help_.offer is not None:
        key = "card-suggestion" if help_.suggested else "card-draft"
        shown = help_.offer.masked(help_.offer.text)[:DRAFT_LENGTH]
        parts: list[str | Text] = ["\n\n", texts(key), "\n", BlockQuote(shown)]
        sources = help_.sources(texts)
        return [*parts, "\n", texts("card-sources", headings=sources)] if sources else parts
    if help_.decided is not None:
        told = texts(f"card-draft-{help_.decided.verdict}", name=help_.decided.name)
        sent = help_.decided.sent[:DRAFT_LENGTH]
        return ["\n\n", told, *(("\n", BlockQuote(sent)) if sent else ())]
    if help_.answered:
        return ["\n\n", texts("card-answer"), "\n", BlockQuote(help_.answered[:DRAFT_LENGTH])]
    return []


def mention(text: str, name: str, user_id: int) -> Text:
    """Turn the name in a text into a mention: in a new message it notifies him."""
    before, found, after = text.partition(name)
    if not found:
        return Text(text)
    return Text(before, TextMention(found, user=User(id=user_id, is_bot=False, first_name=name)), after)


def _assignee(texts: Texts, escalation: EscalationRow, name: str | None) -> Text:
    if not name or escalation.assignee_id is None:
        return Text(texts("card-nobody"))
    return mention(texts("card-assignee", name=name), name, escalation.assignee_id)


def _reason_rows(escalation: EscalationRow, reasons: Sequence[str]) -> list[list[InlineKeyboardButton]]:
    """Closed without a reason: one tap gives it, on the card, where it costs the group no message of its own."""
    if escalation.close_reason is not None:
        return []
    buttons = [keyboards.desk(reason, "reason", escalation.id, number) for number, reason in enumerate(reasons)]
    return [buttons[first : first + REASONS_A_ROW] for first in range(0, len(buttons), REASONS_A_ROW)]


def _reason(texts: Texts, escalation: EscalationRow, help_: Help) -> str:
    """Say why a person was called, as exactly as is known; a rule by its own name."""
    if escalation.rule:
        return texts("reason-rule-named", rule=escalation.rule)
    return help_.why or texts(f"reason-{escalation.reason.replace('_', '-')}")
