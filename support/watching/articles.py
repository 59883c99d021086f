"""A proposed article: a title and a skeleton made of what customers asked and operators answered, for a person to edit.

Hints stand in HTML comments, which the knowledge base does not read: an article that is sent back with them in it
answers nothing that nobody wrote.
"""

import re
from dataclasses import dataclass
from typing import Final

from support.jobs import Language
from support.watching.gaps import Gap

_HINTS: Final[dict[Language, dict[str, str]]] = {
    "ru": {
        "asked": "Так спрашивали:",
        "answered": "Так отвечали операторы. Оставьте верное, остальное удалите: звёздочки скрывают личное.",
        "empty": "Операторы ещё не отвечали: напишите ответ здесь.",
    },
    "en": {
        "asked": "How it was asked:",
        "answered": "How operators answered. Keep what is right and delete the rest: asterisks hide personal data.",
        "empty": "No operator has answered yet: write the answer here.",
    },
}
_TITLE: Final = 120
_FIRST_SENTENCE: Final = re.compile(r"^.{8,}?[.!?](?=\s|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Article:
    """A draft file."""

    name: str
    text: str
    """Markdown."""


def article(gap: Gap) -> Article:
    """Propose an article for a cluster, in the customers' language."""
    found = gap.cluster
    hints = _HINTS["ru" if found.language == "ru" else "en"]
    lines = [f"# {_plain(title(found.examples[0]))}", "", *_comment(hints["asked"], found.examples)]
    if gap.replies:
        lines += [
            "",
            *_comment(hints["answered"], ()),
            *(part for reply in gap.replies for part in ("", _plain(reply))),
        ]
    else:
        lines += ["", *_comment(hints["empty"], ())]
    return Article(f"draft-{found.language}-{found.turn_id}.md", "\n".join(lines) + "\n")


def title(question: str) -> str:
    """Return a question as a heading: its first sentence, in one line."""
    words = " ".join(question.split())
    if sentence := _FIRST_SENTENCE.match(words):
        words = sentence.group()
    words = words if len(words) <= _TITLE else words[: _TITLE - 1].rsplit(" ", 1)[0] + "…"
    return words[:1].upper() + words[1:]


def _comment(hint: str, examples: tuple[str, ...]) -> list[str]:
    if not examples:
        return [f"<!-- {hint} -->"]
    # Two hyphens would end the comment early.
    return [f"<!-- {hint}", *(f"- {one.replace('--', '—').replace('>', '')}" for one in examples), "-->"]


def _plain(text: str) -> str:
    """Keep a customer's words from becoming markup."""
    return re.sub(r"([<>\[\]`|#])", r"\\\1", text)
