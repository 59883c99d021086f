"""What bot and build workers share: the order to build a knowledge release, and what is heard back."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BuildRequest(_Value):
    """An order to build a release. Travels through Redis as JSON."""

    request_id: str
    sources: str
    """Folder of the documents, as the worker sees it."""
    releases: str
    """Folder of the releases, as the worker sees it."""

    @property
    def job_id(self) -> str:
        """RQ's id."""
        return f"b-{self.request_id}"


class BuildProgress(_Value):
    """How far the build has come."""

    kind: Literal["progress"] = "progress"
    request_id: str
    stage: str
    done: int
    total: int


class BuildDone(_Value):
    """The release is built and is the current one."""

    kind: Literal["done"] = "done"
    request_id: str
    release: int
    articles: int
    chunks: int
    errors: tuple[str, ...] = ()
    """One sentence a file that could not be read."""
    seconds: float


class BuildFailed(_Value):
    """There is no new release; the old one stays."""

    kind: Literal["failed"] = "failed"
    request_id: str
    detail: str
    """One sentence for the admin."""


BuildEvent = BuildProgress | BuildDone | BuildFailed
_EVENTS: TypeAdapter[BuildEvent] = TypeAdapter(Annotated[BuildEvent, Field(discriminator="kind")])


def parse_event(payload: str | bytes) -> BuildEvent:
    """Read one event of the build stream.

    Raises:
        ValueError: it is none.
    """
    return _EVENTS.validate_json(payload)
