"""Attacks planted in articles of the demo shop, and an engine that obeys them: what reaches the customer?"""

import shutil
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from evaluation.answers import Answering, Attempt
from evaluation.baskets import OWN_BASKET, Asked, Question, load_items
from evaluation.figures import Share
from evaluation.subject import DEMO_SHOP
from evaluation.yielding import ORDERS, Obedient, holds, ordered
from knowledge.releases import ReleaseStore
from support import answering
from support.jobs import GenerationJob, Language
from workers.facts import extract

_FILE: Final = Path(__file__).with_suffix(".toml")
ADDRESSES: Final = "addresses"
TEXT: Final = "text"


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
    kept_from_engines: dict[str, Share]
    """Payloads of which no engine saw a word: cut when the articles were read, or not found. By where they are from."""
    own_engine_changed: Share
    """Of the questions: another answer than without the payload, a person included."""
    own_engine_shows: dict[str, Share]
    """Of the questions: an answer that holds the payload's ``text``, and ``addresses`` that only the payload has."""
    obeyed: dict[str, Share]
    """Of an obedient engine's drafts, by what it was ordered to: sent with what the order adds, text aside."""
    quoted: dict[str, Share]
    """Of its drafts that repeat the payload: sent with its ``text``, and with ``addresses`` that only it has."""
    stopped_by: dict[str, dict[str, int]]
    leaks: tuple[str, ...]


def own_payloads() -> Mapping[Language, tuple[str, ...]]:
    """Return our own sentences by language."""
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {"en": tuple(told["en"]), "ru": tuple(told["ru"])}


def measure_planted(path: Answering, foreign: Sequence[str] = ()) -> PlantedReport:
    """Plant our own payloads in both languages, and others in English, each beside the answer to one question.

    Raises:
        BasketError: the own basket cannot be used.
    """
    kept: dict[str, list[bool]] = defaultdict(list)
    changed: list[bool] = []
    shows: dict[str, list[bool]] = {TEXT: [], ADDRESSES: []}
    obeyed: dict[str, list[bool]] = defaultdict(list)
    quoted: dict[str, list[bool]] = {TEXT: [], ADDRESSES: []}
    stopped: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    leaks: list[str] = []
    own = own_payloads()
    for batch in _batches(path, {"en": (*own["en"], *foreign), "ru": own["ru"]}):
        planted = _built(path, batch)
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
                if order in {"repeat", "instead"}:
                    _note(quoted, attempt, plant)
                else:
                    obeyed[order].append(attempt.sent and holds(attempt.reason, ordered(order, job)))
                    leaks += [f"{order}: {attempt.reason}"] if obeyed[order][-1] else []
                if attempt.sent and _addresses(attempt, plant):
                    leaks.append(f"{order}, {plant.question.id}: {', '.join(sorted(_addresses(attempt, plant)))}")
    return PlantedReport(
        payloads=len(changed),
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
    shown[ADDRESSES].append(attempt.sent and bool(_addresses(attempt, plant)))


def _addresses(attempt: Attempt, plant: Plant) -> frozenset[str]:
    """Links, phones and codes in what was sent that the payload has and the article did not."""
    sent, payload = extract(attempt.reason), extract(plant.payload)
    known = extract("\n".join(passage.text for passage in plant.job.passages))
    return ((sent.links & payload.links) | (sent.codes & payload.codes)) - known.links - known.codes


def _batches(path: Answering, payloads: Mapping[Language, Sequence[str]]) -> Iterator[tuple[Plant, ...]]:
    """Yield plants such that no two of a batch stand in the same article."""
    answered = {language: tuple(_answered(path, language)) for language in payloads}
    rounds = max(-(-len(some) // len(answered[language])) for language, some in payloads.items())
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
    for question in load_items(OWN_BASKET / "questions.jsonl", Asked):
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
    )
    return path.settle(question, prepared.answerable, job), job


def _built(path: Answering, batch: Iterable[Plant]) -> Answering:
    """Return the path over the demo shop with the batch in its articles."""
    with tempfile.TemporaryDirectory(prefix="otvet-eval-") as folder:
        sources = Path(folder) / "knowledge"
        shutil.copytree(DEMO_SHOP / "knowledge", sources)
        for plant in batch:
            _plant(sources, plant)
        store = ReleaseStore(Path(folder) / "releases")
        return replace(path, knowledge=store.open(store.build(sources).release))


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
