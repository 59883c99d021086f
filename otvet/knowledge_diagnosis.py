"""``otvet kb doctor``: each examination looks at one side of the knowledge base and says in a sentence what to do."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from knowledge.base import KnowledgeBase
from knowledge.chunks import chunk_documents
from knowledge.differences import compare, heading_of
from knowledge.documents import Sources
from knowledge.errors import KnowledgeError, ReleaseError
from knowledge.golden import Golden, is_found, read_golden
from knowledge.passages import Chunk
from knowledge.releases import ReleaseStore, software
from knowledge.sources import read_sources
from knowledge.tokens import terms
from otvet.findings import Finding, doubtful, good, wrong

ROOM: Final = 3
"""So many times the current release must fit on the disk: one is built beside the others."""
LOOKED_AT: Final = 1_000
"""Chunks that are searched for, spread evenly over a larger base."""
NAMED: Final = 10
ALIKE: Final = 0.8
"""Share of words in common (Jaccard) from which two passages say the same."""
_LEAST_WORDS: Final = 8
_TOP: Final = 5


def examine(store: ReleaseStore, folder: Path) -> list[Finding]:
    """Look at releases, disk and articles; the order is that of the report."""
    findings = list(_releases(store))
    findings += _disk(store)
    try:
        sources: Sources | None = read_sources(folder)
    except KnowledgeError as error:
        sources = None
        findings.append(wrong(str(error)))
    base = _open(store)
    if sources is not None:
        findings += _sources(sources, base)
        findings += _golden(*_questions(folder), base)
    if base is not None:
        findings += _findable(base)
    return findings


def _releases(store: ReleaseStore) -> Iterator[Finding]:
    try:
        current = store.current()
    except ReleaseError as error:
        yield wrong(f"{error} otvet kb build, or otvet kb rollback --to N; otvet kb list names the releases.")
        return
    if current is None:
        yield wrong("There is no release yet: run otvet kb build.")
        return
    yield from _intact(store, current)
    info = store.info(current)
    if info is not None and info.software != software():
        yield doubtful("The current release was built by another version of Otvet: otvet kb build makes a new one.")
    if store.is_building():
        yield good("A build is under way.")
    elif any(store.root.glob(".building-*")):
        yield doubtful("A build was killed and left files behind: the next build removes them.")


def _intact(store: ReleaseStore, current: int) -> Iterator[Finding]:
    for number in store.numbers():
        if not store.is_intact(number):
            advice = "roll back or build again" if number == current else "it goes with the builds to come"
            yield (wrong if number == current else doubtful)(f"Release {number} is damaged: {advice}.")
        elif number == current:
            yield good(f"Release {number} answers, and its files are intact.")
    for info in store.infos():
        if info.held:
            yield doubtful(f"Release {info.number} was built and not switched on: otvet kb list says why.")


def _disk(store: ReleaseStore) -> Iterator[Finding]:
    if not store.root.is_dir():
        return
    sizes = [
        sum(file.stat().st_size for file in (store.root / str(number)).iterdir() if file.is_file())
        for number in store.numbers()
    ]
    free = shutil.disk_usage(store.root).free
    need = ROOM * max(sizes, default=0)
    room = f"{free / 1e9:.1f} GB free in {store.root}"
    yield (
        wrong(f"{room}: the next build may not fit, {need / 1e9:.1f} GB are wanted.")
        if free < need
        else good(room + ".")
    )


def _open(store: ReleaseStore) -> KnowledgeBase | None:
    try:
        current = store.current()
        return None if current is None else store.open(current)
    except ReleaseError:
        return None


def _sources(sources: Sources, base: KnowledgeBase | None) -> Iterator[Finding]:
    for error in sources.errors:
        yield doubtful(f"{error.place}: {error.reason}")
    if not sources.errors:
        yield good(f"All {len(sources.documents)} articles can be read.")
    if base is None:
        return
    found = compare(base.chunks, chunk_documents(sources.documents))
    if found.is_empty:
        yield good("The current release says what the articles say.")
    else:
        what = f"{len(found.added)} added, {len(found.changed)} changed, {len(found.removed)} removed"
        yield doubtful(f"The articles have changed since ({what}): otvet kb diff --sources, then otvet kb build.")


def _questions(folder: Path) -> tuple[tuple[Golden, ...], list[Finding]]:
    questions, errors = read_golden(folder)
    return questions, [doubtful(f"{error.place}: {error.reason}") for error in errors]


def _golden(questions: tuple[Golden, ...], findings: list[Finding], base: KnowledgeBase | None) -> Iterator[Finding]:
    yield from findings
    if not questions and not findings:
        yield doubtful(
            "There are no golden questions: put golden.csv (question,source) into the knowledge folder, "
            "and no release will go on air that finds fewer of them."
        )
    if not questions or base is None:
        return
    missed = [golden for golden in questions if not is_found(base, golden)]
    if not missed:
        yield good(f"All {len(questions)} golden questions find their article.")
    for golden in missed[:NAMED]:
        yield doubtful(f"«{golden.question}» does not find {' or '.join(golden.sources)}: use its words there.")
    if len(missed) > NAMED:
        yield doubtful(f"{len(missed) - NAMED} more golden questions do not find their article.")


def _findable(base: KnowledgeBase) -> Iterator[Finding]:
    """Look for chunks that their own heading does not find, and for those that say the same as another."""
    chunks = [chunk for chunk in base.chunks if terms(chunk.text)]
    step = -(-len(chunks) // LOOKED_AT) or 1
    hidden: list[Chunk] = []
    alike: list[tuple[Chunk, Chunk]] = []
    for chunk in chunks[::step]:
        found = base.search(heading_of(chunk), language=chunk.language, limit=_TOP).passages
        if not any(passage.chunk.source == chunk.source for passage in found):
            hidden.append(chunk)
        alike += [(chunk, twin) for twin in _twins(base, chunk)]
    if step > 1:
        yield good(f"{len(chunks[::step])} of {len(chunks)} chunks were looked for, spread evenly.")
    yield from _named(
        [f"{chunk.source}: its heading «{heading_of(chunk)}» does not find it" for chunk in hidden],
        "give it a heading of its own words.",
        "Every heading finds its article.",
    )
    yield from _named(
        [f"{one.source} and {other.source} say nearly the same («{heading_of(one)}»)" for one, other in alike],
        "keep one of them, or the older goes on answering.",
        "No two articles say the same.",
    )


def _twins(base: KnowledgeBase, chunk: Chunk) -> Iterator[Chunk]:
    own = set(terms(chunk.text))
    if len(own) < _LEAST_WORDS:
        return
    for passage in base.search(chunk.text, language=chunk.language, limit=3).passages:
        other = passage.chunk
        # Each pair once.
        if other.source <= chunk.source:
            continue
        words = set(terms(other.text))
        if len(own & words) >= ALIKE * len(own | words):
            yield other


def _named(sentences: list[str], advice: str, none: str) -> Iterator[Finding]:
    if not sentences:
        yield good(none)
    yield from (doubtful(f"{sentence}: {advice}") for sentence in sentences[:NAMED])
    if len(sentences) > NAMED:
        yield doubtful(f"{len(sentences) - NAMED} more like this.")
