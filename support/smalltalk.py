"""Which kind of small talk a greeting is, so that thanks are not answered with a hello."""

import re
from typing import Literal

_THANKS = re.compile(r"спасиб|спс\b|благодар|пасиб|thank|thx|cheers|appreciate|🙏|👍|❤", re.IGNORECASE)
_BYE = re.compile(r"\bпока\b|до\s+свидан|всего\s+добр|до\s+связи|\bbye\b|good\s*bye|see\s+you", re.IGNORECASE)


def kind(text: str) -> Literal["hello", "thanks", "bye"]:
    """Return what to answer with; thanks win over a farewell in the same message."""
    if _THANKS.search(text):
        return "thanks"
    return "bye" if _BYE.search(text) else "hello"
