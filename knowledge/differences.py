"""What has changed between two states of the knowledge base: articles and chunks added, changed, removed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.passages import Chunk


@dataclass(frozen=True, slots=True)
class ChunkChange:
    """A chunk that is new, gone, or says something else under the same headings."""

    source: str
    heading: str
    """``Document › H1 › H2``, or the question of a question–answer pair."""
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Articles by path, and chunks, from the older state to the newer."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    chunks: tuple[ChunkChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both states say the same."""
        return not (self.added or self.changed or self.removed)

    def counts(self) -> dict[str, int]:
        """Return how many chunks are ``added``, ``changed`` and ``removed``."""
        kinds = Counter(
            "added" if change.before is None else "removed" if change.after is None else "changed"
            for change in self.chunks
        )
        return {kind: kinds[kind] for kind in ("added", "changed", "removed")}


def compare(before: Sequence[Chunk], after: Sequence[Chunk]) -> Difference:
    """Tell what leads from one state to the other; the order of articles plays no part."""
    old, new = _by_source(before), _by_source(after)
    changed = sorted(source for source in old.keys() & new.keys() if old[source] != new[source])
    added, removed = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
    chunks = [
        change
        for source in sorted({*added, *changed, *removed})
        for change in _changes(old.get(source, []), new.get(source, []))
    ]
    return Difference(tuple(added), tuple(changed), tuple(removed), tuple(chunks))


def heading_of(chunk: Chunk) -> str:
    """Return what a person knows the chunk by."""
    return chunk.question or " › ".join((chunk.title, *chunk.breadcrumb))


def _by_source(chunks: Sequence[Chunk]) -> dict[str, list[Chunk]]:
    found: dict[str, list[Chunk]] = {}
    for chunk in chunks:
        found.setdefault(chunk.source, []).append(chunk)
    return found


def _changes(before: list[Chunk], after: list[Chunk]) -> list[ChunkChange]:
    gone = [chunk for chunk in before if chunk not in after]
    new = [chunk for chunk in after if chunk not in before]
    changes = []
    for chunk in gone:
        # The same headings with another text: changed. A long section has several chunks of the same headings.
        follower = next((one for one in new if heading_of(one) == heading_of(chunk)), None)
        if follower is not None:
            new.remove(follower)
        changes.append(ChunkChange(chunk.source, heading_of(chunk), chunk.text, follower.text if follower else None))
    return changes + [ChunkChange(chunk.source, heading_of(chunk), None, chunk.text) for chunk in new]
