"""Bodies of the client API, checked; a mistake gets a sentence that names the field."""

import base64
import binascii
from typing import Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.telegram.errors import ActionError, Json
from sandbox.telegram.files import Upload
from sandbox.telegram.words import Media, Words

Kind = Literal[
    "photo", "voice", "audio", "document", "sticker", "video", "video_note", "animation", "location", "venue", "dice",
    "poll",
]  # fmt: skip


class Body(BaseModel):
    """A request's body; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class NewUser(Body):
    """``POST /sandbox/users``."""

    first_name: str = Field(min_length=1, max_length=64)
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    phone: str | None = None


class MediaBody(Body):
    """A file or a place inside of a message."""

    kind: Kind
    file_name: str | None = None
    mime_type: str | None = None
    data_base64: str | None = None
    file_size: int | None = Field(default=None, ge=1)
    """Declared: the bytes need not be there."""
    emoji: str | None = None
    latitude: float = 0.0
    longitude: float = 0.0
    title: str = ""
    address: str = ""
    question: str = ""
    options: list[str] = Field(default_factory=list)

    def media(self) -> Media:
        """The file with its bytes.

        Raises:
            ActionError: the bytes are not base64.
        """
        try:
            data = base64.b64decode(self.data_base64, validate=True) if self.data_base64 else b"sandbox"
        except binascii.Error as error:
            raise ActionError(f"media.data_base64 is not base64: {error}") from error
        upload = Upload(data, self.file_name, self.mime_type, self.file_size)
        shown = self.model_dump(include={"emoji", "latitude", "longitude", "title", "address", "question", "options"})
        return Media(self.kind, upload, **shown)


class NewMessage(Body):
    """``POST /sandbox/messages``."""

    chat_id: int
    user_id: int
    text: str | None = None
    thread_id: int | None = None
    reply_to: int | None = None
    entities: list[Json] | None = None
    media: MediaBody | None = None
    caption: str | None = None
    album: str | None = None
    forwarded: bool = False
    has_protected_content: bool = False
    quote: str | None = None
    quote_position: int = 0

    def words(self) -> Words:
        """The message without its place."""
        media = self.media.media() if self.media else None
        return Words(
            self.text,
            self.entities,
            media,
            self.caption,
            self.album,
            forwarded=self.forwarded,
            protected=self.has_protected_content,
            quote=self.quote,
            quote_position=self.quote_position,
        )


class NewContact(Body):
    """``POST /sandbox/contacts``."""

    chat_id: int
    user_id: int
    own: bool
    phone: str | None = None
    thread_id: int | None = None
    reply_to: int | None = None


class Edit(Body):
    """``POST /sandbox/edits``."""

    chat_id: int
    message_id: int
    user_id: int
    text: str
    entities: list[Json] | None = None


class Deletion(Body):
    """``POST /sandbox/deletions``."""

    chat_id: int
    message_id: int
    user_id: int


class Press(Body):
    """``POST /sandbox/callbacks``."""

    chat_id: int
    message_id: int
    user_id: int
    data: str


class Reaction(Body):
    """``POST /sandbox/reactions``."""

    chat_id: int
    message_id: int
    user_id: int
    emoji: str = ""


class Block(Body):
    """``POST /sandbox/blocks``."""

    user_id: int
    blocked: bool


class Stop(Body):
    """``POST /sandbox/stops``."""

    chat_id: int
    user_id: int
    draft_id: int


class NewTopic(Body):
    """``POST /sandbox/topics``."""

    chat_id: int
    user_id: int
    name: str = Field(min_length=1, max_length=128)


class TopicChange(Body):
    """``POST /sandbox/topics/changes``."""

    chat_id: int
    user_id: int
    thread_id: int
    action: Literal["close", "reopen", "delete"]


class TourRequest(Body):
    """``POST /sandbox/tour``."""

    language: Literal["ru", "en"]


class TourStep(Body):
    """``POST /sandbox/tour/steps``: what the tour tells the page."""

    step: int
    of: int
    title: str
    text: str
    chat_id: int | None = None
    done: bool = False


BodyType = TypeVar("BodyType", bound=Body)


async def read(request: web.Request, kind: type[BodyType]) -> BodyType:
    """The body of a request.

    Raises:
        ActionError: it is no JSON, or does not have the fields that it should.
    """
    try:
        return kind.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise ActionError(f"{where}: {first['msg']}") from error
