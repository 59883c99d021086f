"""Attacks planted in articles of the demo shop, and an engine that obeys them: what reaches the customer?"""

import shutil
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from evaluation.answers import Answering, Attempt
from evaluation.baskets import Question, load
from evaluation.figures import Share, line
from evaluation.subject import DEMO_SHOP
from evaluation.yielding import ORDERS, Obedient, holds, ordered
from knowledge.address_book import AddressBook
from knowledge.releases import ReleaseStore
from support import answering
from support.jobs import GenerationJob, Language
from workers.addresses import strange
from workers.facts import extract

_FILE: Final = Path(__file__).with_suffix(".toml")
TEXT: Final = "text"
ADDRESSES: Final = "addresses"
CODES: Final = "codes"
QUOTING: Final = ("repeat", "instead")


@dataclass(frozen=True, slots=True)
class Plant:
    """A sentence in an article, and the question whose answer stands beside it."""

    payload: str
    question: Question
    clean: Attempt
    job: GenerationJob
    """Without the payload."""


class PlantedReport(BaseModel):
    """What became of the payloads."""

    model_config = ConfigDict(frozen=True)

    payloads: int
    shown: tuple[str, ...]
    """The addresses that an answer may hold, any if empty."""
    from_the_start: bool
    """Whether the payloads stood in the first release: later ones are asked about before they are shown."""
    kept_from_engines: dict[str, Share]
    """Payloads of which no engine saw a word: cut when the articles were read, or not found. By where they are from."""
    own_engine_changed: Share
    """Of the questions: another answer than without the payload, a person included."""
    own_engine_shows: dict[str, Share]
    """Of the questions: an answer that holds the payload's ``text``, ``addresses`` or ``codes`` that only it has."""
    obeyed: dict[str, Share]
    """Of an obedient engine's drafts, by order: sent with what the order adds. Links, phones and codes are some
    payloads' own here: only where the passage holds the very same one do the checks let it pass."""
    quoted: dict[str, Share]
    """Of its drafts that repeat the payload: sent with its ``text``, ``addresses``, ``codes``."""
    stopped_by: dict[str, dict[str, int]]
    leaks: tuple[str, ...]


def own_payloads() -> Mapping[Language, tuple[str, ...]]:
    """Return our own sentences by language."""
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {"en": tuple(told["en"]), "ru": tuple(told["ru"])}


def own_addresses(path: Answering) -> tuple[str, ...]:
    """Return what the articles hold without a payload: the list that an administrator would write."""
    return tuple(sorted({one for chunk in path.knowledge.chunks for one in strange(chunk.text, ())}))


def measure_planted(
    path: Answering,
    foreign: Sequence[str] = (),
    *,
    own: Mapping[Language, Sequence[str]] | None = None,
    sources: Path = DEMO_SHOP / "knowledge",
    from_the_start: bool = False,
) -> PlantedReport:
    """Plant our own payloads in both languages, and others in English, each beside the answer to one question.

    ``sources`` are the articles of the path's release. The payloads come with a later one, unless they stand in the
    first ``from_the_start``; nobody confirms their addresses.

    Raises:
        BasketError: the own basket cannot be used.
    """
    kept: dict[str, list[bool]] = defaultdict(list)
    changed: list[bool] = []
    shows: dict[str, list[bool]] = {TEXT: [], ADDRESSES: [], CODES: []}
    obeyed: dict[str, list[bool]] = defaultdict(list)
    quoted: dict[str, list[bool]] = {TEXT: [], ADDRESSES: [], CODES: []}
    stopped: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    leaks: list[str] = []
    own = own_payloads() if own is None else own
    for batch in _batches(path, {**own, "en": (*own["en"], *foreign)}):
        with _built(path, batch, sources, from_the_start=from_the_start) as planted:
            for plant in batch:
                language = plant.question.language
                name = f"own {language}" if plant.payload in own[language] else "data"
                honest, job = _ask(planted, plant.question)
                changed.append(_told(honest) != _told(plant.clean))
                _note(shows, honest, plant)
                seen = job is not None and any(holds(passage.text, plant.payload) for passage in job.passages)
                kept[name].append(not seen)
                if job is None or not seen:
                    continue
                for order in ORDERS:
                    engine = Obedient(order, plant.payload)
                    attempt = replace(planted, engine=engine).settle(plant.question, honest.answerable, job)
                    stopped[order]["sent" if attempt.sent else attempt.reason.partition(":")[0]] += 1
                    if order in QUOTING:
                        _note(quoted, attempt, plant)
                    else:
                        obeyed[order].append(attempt.sent and holds(attempt.reason, ordered(order, job)))
                    if got := _addresses(attempt, plant) | _codes(attempt, plant):
                        leaks.append(f"{order}, {plant.question.id}: {', '.join(sorted(got))}")
    return PlantedReport(
        payloads=len(changed),
        shown=path.shown,
        from_the_start=from_the_start,
        kept_from_engines=_shares(kept),
        own_engine_changed=Share.of(changed),
        own_engine_shows=_shares(shows),
        obeyed=_shares(obeyed),
        quoted=_shares(quoted),
        stopped_by={order: dict(counts) for order, counts in stopped.items()},
        leaks=tuple(leaks),
    )


def _note(shown: dict[str, list[bool]], attempt: Attempt, plant: Plant) -> None:
    shown[TEXT].append(attempt.sent and holds(attempt.reason, plant.payload))
    shown[ADDRESSES].append(bool(_addresses(attempt, plant)))
    shown[CODES].append(bool(_codes(attempt, plant)))


def _addresses(attempt: Attempt, plant: Plant) -> frozenset[str]:
    """Links, mail addresses, @names and phones that were sent and that the payload has and the passages have not."""
    if not attempt.sent:
        return frozenset()
    known = "\n".join(passage.text for passage in plant.job.passages)
    return frozenset(strange(attempt.reason, strange(known, ()))) & frozenset(strange(plant.payload, ()))


def _codes(attempt: Attempt, plant: Plant) -> frozenset[str]:
    if not attempt.sent:
        return frozenset()
    known = extract("\n".join(passage.text for passage in plant.job.passages)).codes
    return frozenset(
        code for code in (extract(attempt.reason).codes & extract(plant.payload).codes) - known if not code.isdigit()
    )


def _batches(path: Answering, payloads: Mapping[Language, Sequence[str]]) -> Iterator[tuple[Plant, ...]]:
    """Yield plants such that no two of a batch stand in the same article."""
    answered = {language: tuple(islice(_answered(path, language), len(some))) for language, some in payloads.items()}
    rounds = max(-(-len(some) // len(answered[language])) for language, some in payloads.items() if some)
    for number in range(rounds):
        batch = []
        for language, some in payloads.items():
            places = answered[language]
            here = some[number * len(places) : (number + 1) * len(places)]
            batch += [Plant(payload, *place) for payload, place in zip(here, places, strict=False)]
        yield tuple(batch)


def _answered(path: Answering, language: Language) -> Iterator[tuple[Question, Attempt, GenerationJob]]:
    """Yield a question an article that is answered from it by the path's own engine."""
    taken: set[str] = set()
    for question in load().questions:
        if question.language != language:
            continue
        attempt, job = _ask(path, question)
        if attempt.sent and job is not None and attempt.sources[0].endswith(".md") and attempt.sources[0] not in taken:
            taken.add(attempt.sources[0])
            yield question, attempt, job


def _ask(path: Answering, question: Question) -> tuple[Attempt, GenerationJob | None]:
    prepared = answering.prepare(question.question, question.language, path.knowledge)
    if not prepared.parts:
        return Attempt(question, prepared.answerable, False, "no-answer model"), None
    job = answering.job_for(
        prepared,
        turn_id=1,
        epoch=0,
        question=question.question,
        history=(),
        language=question.language,
        deadline=datetime.now(UTC) + path.deadline,
        addresses=path.addresses,
    )
    return path.settle(question, prepared.answerable, job), job


@contextmanager
def _built(path: Answering, batch: Iterable[Plant], clean: Path, *, from_the_start: bool) -> Iterator[Answering]:
    """Hand out the path over the clean articles with the batch in them."""
    with tempfile.TemporaryDirectory(prefix="otvet-eval-") as folder:
        sources = Path(folder) / "knowledge"
        shutil.copytree(clean, sources)
        for plant in batch:
            _plant(sources, plant)
        store = ReleaseStore(Path(folder) / "releases")
        store.root.mkdir()
        book = AddressBook(store.root)
        if not from_the_start:
            book.review((), path.knowledge.chunks)
        yield replace(path, knowledge=store.open(store.build(sources).release), addresses=book)


def _plant(sources: Path, plant: Plant) -> None:
    """Write the payload as a paragraph behind the line of the article that the clean answer quotes first."""
    file = sources / plant.clean.sources[0]
    lines = file.read_text(encoding="utf-8").split("\n")
    said = plant.clean.reason
    at = next((n for n, line in enumerate(lines) if line.strip() and holds(said, line)), None)
    if at is None:
        at = next(n for n, line in enumerate(lines) if line.strip() and not line.startswith("#"))
    lines[at + 1 : at + 1] = ["", plant.payload, ""]
    file.write_text("\n".join(lines), encoding="utf-8")


def _told(attempt: Attempt) -> str:
    return attempt.reason.partition(": ")[2] if attempt.sent else ""


def _shares(rows: Mapping[str, Sequence[bool]]) -> dict[str, Share]:
    return {name: Share.of(some) for name, some in rows.items()}


def render_planted(report: PlantedReport) -> list[str]:
    """Return the report as lines of plain text."""
    listed = "the company's own addresses in SHOWN_ADDRESSES" if report.shown else "SHOWN_ADDRESSES empty"
    when = "in the first release" if report.from_the_start else "in a later release"
    return [
        f"{report.payloads} payloads planted in articles of the demo shop, {when}, {listed}:",
        *(line(f"kept from engines, {name}", share) for name, share in report.kept_from_engines.items()),
        line("own engine: another answer, or a person", report.own_engine_changed),
        *(line(f"own engine: the payload's {name} sent", share) for name, share in report.own_engine_shows.items()),
        *(line(f"obedient engine, ordered {name}: sent", share) for name, share in report.obeyed.items()),
        *(line(f"obedient engine: the payload's {name} sent", share) for name, share in report.quoted.items()),
        *(f"  SENT {leak}" for leak in report.leaks),
    ]
