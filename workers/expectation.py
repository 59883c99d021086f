"""What kind of answer a question expects, and whether a line holds one: «сколько стоит» wants a price.

Patterns of questions and of answers only; nothing here knows any article. A heading is asked in the same way: «Сколько
хранится заказ» expects a duration, as the customer's question does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from knowledge.tokens import normalise, terms
from knowledge.wanted import FIGURES, Wanted
from workers.sentences import is_item


class Kind(StrEnum):
    """Kinds of answers that can be told by their form."""

    PRICE = "price"
    DURATION = "duration"
    CLOCK = "clock"
    DISCOUNT = "discount"
    COUNT = "count"
    CONTACT = "contact"
    PLACE = "place"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The kinds of answers that would do, none when the question's form tells nothing."""

    kinds: frozenset[Kind]
    counted: str = ""
    """How the word begins whose number is asked for."""

    def figure_in(self, line: str) -> bool:
        """Whether the line holds what can be told surely: a price, a time, a number, an address to write to."""
        text = normalise(line)
        if Kind.COUNT in self.kinds and self.counted and re.search(rf"\d\W+(?:\w+ )?{self.counted}", text):
            return True
        return any(_FIGURES[kind].search(text) for kind in self.kinds & _FIGURES.keys())

    def wording_in(self, line: str) -> bool:
        """Whether the line reads like a place or like what to do, as far as words can say."""
        if Kind.STEPS in self.kinds and is_item(line):
            return True
        text = normalise(line)
        return any(_WORDINGS[kind].search(text) for kind in self.kinds & _WORDINGS.keys())


def expected(question: str) -> Expectation:
    """Tell by the form of a question, or of a heading, what would answer it."""
    text = normalise(question)
    kinds = {kind for kind, pattern in _ASKED.items() if pattern.search(text)}
    # The more exact kind wins: «как долго» asks for no steps, «сколько дней» for no other number.
    if kinds & {Kind.PRICE, Kind.DURATION, Kind.CLOCK}:
        kinds.discard(Kind.COUNT)
    if kinds - {Kind.PLACE, Kind.CONTACT}:
        exact = kinds - {Kind.STEPS}
        kinds = exact or kinds
    counted = _COUNTED.search(text) if Kind.COUNT in kinds else None
    return Expectation(frozenset(kinds), counted[1][:_ROOT] if counted else "")


def subject(question: str) -> set[str]:
    """Return the stems of what is asked about: without the words that only say which kind of answer is wanted."""
    stems = set(terms(question))
    return stems - _ASKING or stems


def speaks_of_a_case(text: str) -> bool:
    """Whether the line or the question is about what happens only if something else does."""
    return _CASE.search(normalise(text)) is not None


def _compiled(patterns: Mapping[Kind, tuple[str, ...]]) -> dict[Kind, re.Pattern[str]]:
    return {kind: re.compile("|".join(alternatives)) for kind, alternatives in patterns.items()}


_ROOT: Final = 5
_COUNTED: Final = re.compile(r"\b(?:сколько|how many) (\w{3,})")
_CASE: Final = re.compile(r"^\W*(?:если|if)\b|\b(?:если|if)\b.*\?")
_ASKING: Final = frozenset(
    terms(
        "стоит стоят стоить стоимость цена цены почём срок сроки время времени длится длятся занимает идёт идут дней "
        "часов работает cost costs price prices take takes time times days hours period many much need"
    )
)

# Over normalised text: lower case, е for ё, digit groups joined.
_ASKED: Final = _compiled(
    {
        Kind.PRICE: (
            r"\bсколько (?:\w+ )?(?:стоит|стоят|будет стоить|плат)",
            r"\b(?:стоимост|почем\b|цен[аыуе]\b|платн|how much\b|pric|cost|fees?\b)",
        ),
        Kind.DURATION: (
            r"\bсколько (?:\w+ )?(?:дней|дня|час|минут|времени|месяц|недел|лет|длит|идет|идут|ехать|едет)",
            r"\bсколько (?:\w+ )?(?:хран|ждать|действ|занима|рассматр)",
            r"\b(?:долго|срок|через сколько|когда|when\b|times?\b|periods?\b|how (?:long|soon|fast|quickly)\b)",
            r"\bhow many (?:\w+ )?(?:minutes|hours|days|weeks|months|years)\b",
        ),
        Kind.CLOCK: (
            r"\b(?:(?:до|со|с|во) сколько|до скольки|во скольки|час[ыов]+ (?:работы|приема)|график|режим работы)",
            r"\b(?:когда|when|what time|hours)\b",
        ),
        Kind.DISCOUNT: (r"\b(?:скидк|процент|discount|per ?cent|rate\b)",),
        Kind.COUNT: (r"\b(?:сколько (?!стоит|стоят)|how many|минимальн|максимальн|minimum|maximum)",),
        Kind.CONTACT: (
            r"\b(?:позвон|связаться|contact\b|call\b|куда (?:\w+ )?(?:писать|звонить))",
            r"\b(?:какой|ваш|у вас|what|your)\b.{0,20}(?:телефон|почт|phone|e-?mail)",
        ),
        Kind.PLACE: (r"\b(?:где|куда|откуда|адрес|добраться|проехать|where|address|how do i get to)\b",),
        Kind.STEPS: (
            r"\b(?:как (?!долго)|что (?:\w+ )?делать)",
            r"\b(?:how (?:do|can|to|should)|what (?:to|(?:should|can|must|do) i) do)\b",
        ),
    }
)
_FIGURES: Final = _compiled(
    {
        Kind.PRICE: (FIGURES[Wanted.PRICE].pattern, r"\d ?%"),
        Kind.DURATION: (FIGURES[Wanted.DURATION].pattern,),
        Kind.CLOCK: (r"\d{1,2}:\d\d|круглосуточн|round the clock|24/7",),
        Kind.DISCOUNT: (r"\d ?(?:%|₽|руб|\$|€)|[$€]\d",),
        Kind.CONTACT: (r"\+\d[\d ()-]{8,}|\w@\w",),
    }
)
_WORDINGS: Final = _compiled(
    {
        Kind.COUNT: (r"\d|\b(?:нет|no)\b",),
        Kind.PLACE: (
            r"\b(?:по адресу|улиц|ул\.|проезд|проспект|шоссе|площад|метро|раздел|в кабинет|under [«“])",
            r"\b(?:street|road|avenue|square|metro|station)|\w@\w|\w\.\w+/\w",
        ),
        Kind.STEPS: (
            r"\b(?:нажм|откро|выбер|введ|вводит|укаж|добав|отправ|напиш|пришл|назов|кнопк|оформля)",
            r"\b(?:press|open\b|choose|enter|send|write|click|button|select|go to)",
        ),
    }
)
