"""What to put right first: failures that one action would win, most of them first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ConfigDict

from evaluation.results import Kind, Result, Stage
from knowledge.concepts import is_everyday
from knowledge.passages import Chunk
from knowledge.stopwords import STOP_WORDS
from knowledge.tokens import stem, words

_MOST_WORDS: Final = 8
_FEWEST_LETTERS: Final = 3
_EXAMPLES: Final = 2


class Action(StrEnum):
    """What somebody can do."""

    RESTORE_ARTICLE = "restore_article"
    """The basket expects an article that the knowledge base lacks: write it, or correct the basket."""
    WRITE_ARTICLE = "write_article"
    """Questions whose answer nobody has found anywhere."""
    ADD_WORDS = "add_words"
    """The article is not found by customers' words."""
    ADD_PAIR = "add_pair"
    """The article is found, and is not believed to answer: add a question with its answer."""
    SPLIT_ARTICLE = "split_article"
    """The engine had the article and wrote from another passage, or left out what was expected."""
    LOWER_THRESHOLD = "lower_threshold"
    RAISE_THRESHOLD = "raise_threshold"
    ADD_EXAMPLES = "add_examples"
    """Messages of this kind are taken for something else: add examples to the intents file."""
    LOOK_AT_CHECKS = "look_at_checks"
    LOOK_AT_DIALOGUES = "look_at_dialogues"


class Fix(BaseModel):
    """One action with what it would win."""

    model_config = ConfigDict(frozen=True)

    action: Action
    about: str
    """The article, the route, or the threshold that would do it."""
    instead: str = ""
    """What happens now: the article that is cited, the route that is taken, the threshold."""
    about_title: str = ""
    instead_title: str = ""
    """Of the articles, which ``about`` and ``instead`` name by their files; empty where it is none, or not there."""
    words: tuple[str, ...] = ()
    """Of customers, which the article does not use."""
    won: int
    """Items that would go well."""
    lost: int = 0
    """Right answers that would be given up for it, or wrong ones that would be sent as well."""
    ids: tuple[str, ...]
    examples: tuple[str, ...] = ()
    """Texts of a few of them."""

    @property
    def named(self) -> str:
        """What it is about, an article by title and file."""
        return _named(self.about, self.about_title)

    @property
    def instead_named(self) -> str:
        """What happens now, an article by title and file."""
        return _named(self.instead, self.instead_title)


def fixes(
    results: Sequence[Result], chunks: Sequence[Chunk], threshold: float, calibrated: Collection[str] = ()
) -> tuple[Fix, ...]:
    """Return every fix, the one that wins most first.

    ``threshold``: the default; no basket moves that of ``calibrated`` languages, which promises something.
    """
    vocabulary: dict[str, set[str]] = defaultdict(set)
    expected = {source for one in results for source in one.sources}
    for chunk in (chunk for chunk in chunks if chunk.source in expected):
        text = f"{chunk.title} {' '.join(chunk.breadcrumb)} {chunk.question or ''} {chunk.text}"
        vocabulary[chunk.source].update(stem(word) for word in words(text))
    found = [
        *_articles(results, vocabulary),
        *_routes(results),
        *_thresholds([one for one in results if one.language not in calibrated], threshold),
        *_others(results),
    ]
    texts = {one.id: one.text for one in results}
    titles = {chunk.source: chunk.title for chunk in reversed(chunks)}
    shown = []
    for fix in found:
        more: dict[str, object] = {"examples": tuple(texts[one] for one in fix.ids[:_EXAMPLES])}
        more |= {"about_title": titles.get(fix.about, ""), "instead_title": titles.get(fix.instead, "")}
        shown.append(fix.model_copy(update=more))
    return tuple(sorted(shown, key=lambda fix: (fix.lost - fix.won, fix.action, fix.about)))


def _articles(results: Sequence[Result], vocabulary: dict[str, set[str]]) -> Iterator[Fix]:
    groups: dict[tuple[Action, str], list[Result]] = defaultdict(list)
    for one in results:
        if one.kind is not Kind.QUESTION or one.stage is None:
            continue
        blamed = one.cause or one.stage
        article = next((source for source in one.sources if source in vocabulary), next(iter(one.sources), ""))
        match blamed:
            case Stage.ARTICLE:
                groups[Action.RESTORE_ARTICLE, article].append(one)
            case Stage.SEARCH:
                groups[Action.ADD_WORDS, article].append(one)
            case Stage.NO_ANSWER:
                groups[(Action.ADD_PAIR, article) if article else (Action.WRITE_ARTICLE, one.intent)].append(one)
            case Stage.ENGINE:
                groups[(Action.SPLIT_ARTICLE, article) if article else (Action.WRITE_ARTICLE, one.intent)].append(one)
            case _:
                continue
    for (action, about), some in groups.items():
        yield Fix(
            action=action,
            about=about,
            instead=_most(source for one in some for source in one.cited[:1] if source not in one.sources),
            words=_unknown(some, vocabulary.get(about, set())) if action in {Action.ADD_WORDS, Action.ADD_PAIR} else (),
            won=len(some),
            ids=tuple(one.id for one in some),
        )


def _unknown(some: Sequence[Result], known: set[str]) -> tuple[str, ...]:
    """Words of the questions that the article does not use, those of several questions first."""
    counts: dict[str, int] = defaultdict(int)
    shown: dict[str, str] = {}
    for one in some:
        for word in dict.fromkeys(words(one.text)):
            if len(word) >= _FEWEST_LETTERS and not _is_common(word) and stem(word) not in known:
                counts[stem(word)] += 1
                shown.setdefault(stem(word), word)
    first = sorted(counts, key=lambda key: -counts[key])
    return tuple(shown[key] for key in first[:_MOST_WORDS])


def _is_common(word: str) -> bool:
    return word in STOP_WORDS or is_everyday(word)


def _routes(results: Sequence[Result]) -> Iterator[Fix]:
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for one in results:
        if one.stage is Stage.ROUTE and one.cause is None:
            groups[one.wanted_route or "question", one.route].append(one)
    for (wanted, taken), some in groups.items():
        ids = tuple(one.id for one in some)
        yield Fix(action=Action.ADD_EXAMPLES, about=wanted, instead=taken, won=len(some), ids=ids)


def _thresholds(results: Sequence[Result], now: float) -> Iterator[Fix]:
    """The lowest threshold that is no riskier than the present one, and a higher one that is worth what it costs.

    Both are chosen on the very questions that they are counted on, so in life they win a little less.
    """
    sent = [one for one in results if one.sent]
    risk = sum(not one.right for one in sent) / max(1, len(sent))
    decided = [one for one in results if one.score is not None and one.stage not in {Stage.CHECK, Stage.RISK}]

    def between(low: float, high: float, *, right: bool) -> list[str]:
        return [one.id for one in decided if one.score is not None and low <= one.score < high and one.right is right]

    def moved(to: float) -> Fix:
        action = Action.LOWER_THRESHOLD if to < now else Action.RAISE_THRESHOLD
        low, high = sorted((to, now))
        won = between(low, high, right=to < now)
        lost = between(low, high, right=to > now)
        about, instead = f"{to:.2f}", f"{now:.2f}"
        return Fix(action=action, about=about, instead=instead, won=len(won), lost=len(lost), ids=tuple(won))

    tried = [moved(place / 100) for place in range(100) if place / 100 != now]
    lower = [one for one in tried if one.action is Action.LOWER_THRESHOLD and one.lost <= risk * (one.won + one.lost)]
    higher = [one for one in tried if one.action is Action.RAISE_THRESHOLD and one.won > one.lost]
    if lower and (best := max(lower, key=lambda one: (one.won - one.lost, one.about))).won:
        yield best
    if higher and (best := max(higher, key=lambda one: (one.won - one.lost, one.won))).won:
        yield best


def _others(results: Sequence[Result]) -> Iterator[Fix]:
    for action, stages in (
        (Action.LOOK_AT_CHECKS, {Stage.CHECK, Stage.RISK}),
        (Action.LOOK_AT_DIALOGUES, {Stage.ORDERS, Stage.FOLLOW_UP}),
    ):
        some = [one for one in results if one.stage in stages]
        if some:
            yield Fix(action=action, about="", won=len(some), ids=tuple(one.id for one in some))


def _named(about: str, title: str) -> str:
    return f"«{title}» ({about})" if title else about


def _most(values: Iterable[str]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for value in values:
        counts[value] += 1
    return max(counts, key=lambda value: counts[value], default="")
