"""What bot and build workers share: the order to build a knowledge release, and what is heard back."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

MOST_NAMED: Final = 50
"""Articles, questions and errors of one kind that an event names; the rest is counted."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BuildRequest(_Value):
    """An order to build a release. Travels through Redis as JSON."""

    request_id: str
    sources: str
    """Folder of the documents, as the worker sees it."""
    releases: str
    """Folder of the releases, as the worker sees it."""
    built_by: str = ""
    reason: str = ""

    @property
    def job_id(self) -> str:
        """RQ's id."""
        return build_job_id(self.request_id)


def build_job_id(request_id: str) -> str:
    """Return the id of a request's job."""
    return f"b-{request_id}"


class BuildProgress(_Value):
    """How far the build has come."""

    kind: Literal["progress"] = "progress"
    request_id: str
    stage: str
    """A ``knowledge.releases.Step``."""
    done: int
    """The step's number, from 1."""
    total: int
    count: int | None = None
    """How many articles or chunks the step deals with."""


class Objection(_Value):
    """What speaks against the new release: a ``knowledge.gate.Doubt`` with its figures."""

    doubt: str
    before: int
    now: int


class Listed(_Value):
    """The first names of a list, and how many there are."""

    names: tuple[str, ...] = ()
    n: int = 0

    @classmethod
    def of(cls, names: tuple[str, ...]) -> "Listed":
        """Cut a list to what an event names."""
        return cls(names=names[:MOST_NAMED], n=len(names))


class GoldenTold(_Value):
    """How the golden questions fare."""

    asked: int
    found: int
    found_before: int | None
    lost: Listed = Listed()
    won: Listed = Listed()
    orphaned: Listed = Listed()


class BuildDone(_Value):
    """The build has come to its end."""

    kind: Literal["done"] = "done"
    request_id: str
    outcome: Literal["switched", "unchanged", "held"] = "switched"
    """A ``knowledge.releases.Outcome``."""
    release: int
    articles: int
    chunks: int
    added: Listed = Listed()
    changed: Listed = Listed()
    removed: Listed = Listed()
    golden: GoldenTold | None = None
    objections: tuple[Objection, ...] = ()
    errors: Listed = Listed()
    """One sentence a file that could not be read."""
    waiting: Listed = Listed()
    """Addresses and promotional codes that nobody has confirmed, each with an article."""
    seconds: float


class BuildFailed(_Value):
    """There is no new release; the old one stays."""

    kind: Literal["failed"] = "failed"
    request_id: str
    cause: Literal["sources", "busy", "release", "model", "unexpected"] = "unexpected"
    """What it is about: the articles, another build, the release or its disk, the sentence model, a mistake
    of ours."""
    detail: str
    """One sentence of technical detail."""


BuildEvent = BuildProgress | BuildDone | BuildFailed
_EVENTS: TypeAdapter[BuildEvent] = TypeAdapter(Annotated[BuildEvent, Field(discriminator="kind")])


def parse_event(payload: str | bytes) -> BuildEvent:
    """Read one event of the build stream.

    Raises:
        ValueError: it is none.
    """
    return _EVENTS.validate_json(payload)
