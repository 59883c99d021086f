"""The message of the answer audit: question, answer, sources and three buttons; never the score, nor if it was sent."""

from typing import Final

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiogram.utils.formatting import BlockQuote, Bold, Text

from bot.texts import Texts
from support.answer_audits import BY_PEOPLE
from support.audit_tables import AnswerAuditRow

AUDIT: Final = "audit"
"""Begins what operators press under it: ``audit:<judgement or next>:<answer audit>``."""
NEXT: Final = "next"
QUESTION_LENGTH: Final = 700
ANSWER_LENGTH: Final = 2000


def draw(texts: Texts, row: AnswerAuditRow, judge: str, waiting: int) -> Text:
    """Say what is asked; ``judge``: who has judged it, if somebody has; ``waiting``: how many others wait."""
    parts: list[str | Text] = [
        *(Bold(texts("audit-title")), "\n", texts("audit-ask"), "\n\n"),
        *(Bold(texts("audit-question")), "\n", BlockQuote(_cut(row.question, QUESTION_LENGTH)), "\n"),
        *(Bold(texts("audit-answer")), "\n", BlockQuote(_cut(row.answer, ANSWER_LENGTH))),
    ]
    if row.sources:
        parts += ["\n", texts("audit-sources", headings="; ".join(row.sources))]
    parts += ["\n\n", texts("audit-rule")]
    if row.verdict in BY_PEOPLE:
        name = judge or texts("audit-nobody")
        parts += ["\n\n", Bold(texts("audit-judged", name=name, verdict=texts(f"audit-{row.verdict}")))]
    if waiting:
        parts += ["\n\n", texts("audit-waiting", n=waiting)]
    return Text(*parts)


def done(texts: Texts) -> Text:
    """Say that nothing waits any more."""
    return Text(Bold(texts("audit-title")), "\n", texts("audit-done"))


def buttons(texts: Texts, row: AnswerAuditRow, waiting: int) -> InlineKeyboardMarkup:
    """Offer the judgements; under a judged answer also the next one, if there is any."""
    rows = [
        [_button(texts, name, row.id) for name in BY_PEOPLE[:2]],
        [_button(texts, BY_PEOPLE[2], row.id)],
    ]
    if row.verdict is not None and waiting:
        rows.append([_button(texts, NEXT, row.id)])
    return InlineKeyboardMarkup(inline_keyboard=rows)


def _button(texts: Texts, name: str, audit_id: int) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=texts(f"button-audit-{name}"), callback_data=f"{AUDIT}:{name}:{audit_id}")


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
