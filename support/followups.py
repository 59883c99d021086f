"""Follow-ups that mean nothing by themselves («а в Казань?») are completed by what the last question was about.

A follow-up is short, leans on what was said (it begins with «а» or "what about", or speaks of «он» or "it"), and has at
most two words of its own that carry meaning. A question that stands alone is left as it is.
"""

import re
from dataclasses import dataclass
from typing import Final

from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import words

MAX_WORDS: Final = 8
"""Whoever writes more says what he means."""
MAX_OWN: Final = 2
"""Words that carry meaning, where something leans back."""
MAX_FRAGMENT: Final = 3
"""Words of a fragment that nothing but its shortness gives away."""
MAX_TOPIC: Final = 300
"""Characters of the earlier question."""

# «Если» and "if" belong to what is asked.
_OPENER: Final = re.compile(
    r"\s*(?:(?:ну|хорошо|ок|понятно|ясно|спасибо|ok|okay|thanks|thank you|great|got it)\b[\s,.!]*)*"
    r"(?:а\s+как\s+насч[её]т|как\s+насч[её]т|а\s+что\s+(?:насч[её]т|с|по)|а\s+что(?=\s+если)|а\s+ещ[её]|а|и|но|или"
    r"|(?:and\s+|but\s+)?(?:what\s+about|how\s+about|what(?=\s+if))|and|but|or)\b[\s,]*",
    re.IGNORECASE,
)
# «Это» and "it" open questions that stand alone («Что это за магазин?», "Is it possible to pay by card?").
_LEANS: Final = re.compile(
    r"\b(?:он|она|оно|они|его|её|ее|их|ему|ей|им|нём|нем|ней|ним|них|него|неё|нее|туда|оттуда|там|такой|такая|такое|такие"
    r"|это|этот|эта|эти|этого|этой|этих|этим|этому|этом"
    r"|it|its|they|them|their|there|those|these|that|this|one|ones)\b",
    re.IGNORECASE,
)
_EMPTY_SUBJECT: Final = re.compile(
    r"\b(?:что\s+это|кто\s+это|это\s+(?:вы|магазин|бот|кто|правда|возможно)"
    r"|(?:is|was|will|would|can|could|does)\s+(?:it|that|there)\s+(?:be\s+)?(?:possible|ok|okay|allowed|true|safe|an?|any)"
    r"|(?:are|is|was)\s+there|there\s+(?:is|are)|that\s+(?:i|you|we|my|the|is|are|was)|one\s+of)\b",
    re.IGNORECASE,
)
# Words with meaning that name no subject: what is asked about it, not what it is.
_VAGUE: Final = """
стоит стоить стоят обойдется выйдет скольки работает работают действует действуют нужен нужна нужно нужны хватит
есть получится бывает подойдет подходит происходит идет идут другой другая другие другую
cost costs work works happens happen mean already still else last take takes different
"""
_OF_NO_SUBJECT: Final = frozenset(_VAGUE.split())
_PREPOSITION: Final = re.compile(
    r"(?:(?P<place>в|во|на|до|из|для|по|к|to|in|into|on|from|for|at)|(?P<means>с|со|через|with|by|via))\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Completion:
    """A follow-up with what it leaves out."""

    question: str
    """What is searched for and answered; the customer's own text stays what is shown and kept."""
    topic: str
    """The earlier question that it was completed from."""
    why: str
    """One plain English sentence for logs and the sandbox; never holds the customer's words."""


def complete(text: str, topic: str) -> Completion | None:
    """Return the follow-up completed by the earlier question; None when the text stands alone."""
    why = leaning(text)
    if why is None or not _own(topic):
        return None
    topic = topic.strip()[:MAX_TOPIC]
    rest = text[_opened(text) :].strip() or text.strip()
    replaced = _replaced(topic, rest)
    return Completion(replaced or f"{topic.rstrip('?.! ')} — {_uncapitalised(rest)}", topic, why)


def leaning(text: str) -> str | None:
    """Say why a text cannot be understood alone; None when it can."""
    spoken, own = words(text), _own(text)
    if not spoken or len(spoken) > MAX_WORDS or len(own) > MAX_OWN or any(character.isdigit() for character in text):
        return None
    subject = [word for word in own if word not in _OF_NO_SUBJECT]
    if not subject:
        return "It names no subject."
    opened = _opened(text)
    if opened and len(subject) <= 1:
        return "It begins as a continuation and is short."
    if _LEANS.search(_EMPTY_SUBJECT.sub(" ", text[opened:])):
        return "It speaks of something by a pronoun."
    if len(spoken) <= MAX_FRAGMENT and len(own) == 1 and _PREPOSITION.match(text):
        return "It is only a place or a circumstance."
    return None


def _own(text: str) -> list[str]:
    """Return the words that carry meaning."""
    return [word for word in words(text) if word not in STOP_WORDS]


def _opened(text: str) -> int:
    """Return where the text goes on behind «а», "and" and the like; 0 without."""
    match = _OPENER.match(text)
    return match.end() if match and match.end() < len(text) else 0


def _replaced(topic: str, rest: str) -> str | None:
    """Put «в Казань» where the earlier question says «в Москву»; None when it says nothing of that kind."""
    match = _PREPOSITION.match(rest)
    if match is None or len(words(rest)) > MAX_FRAGMENT:
        return None
    phrases = [one for one in _PREPOSITION.finditer(topic) if _starts_word(topic, one.start())]
    alike = [one for one in phrases if one.lastgroup == match.lastgroup]
    if not alike:
        return None
    same = [one for one in alike if one.group().lower() == match.group().lower()]
    start = (same or alike)[0].start()
    ends = [one.start() for one in phrases if one.start() > start]
    ends += [start + one.start() for one in re.finditer(r"[?!.,]|$", topic[start:])]
    return " ".join(filter(None, (topic[:start].rstrip(), rest.rstrip("?!. "), topic[min(ends) :].strip("?!. ")))) + "?"


def _starts_word(text: str, place: int) -> bool:
    return place == 0 or not text[place - 1].isalnum()


def _uncapitalised(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2].isspace() else text
