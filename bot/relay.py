"""Messages of people, passed on to the other side: by file id, albums together, replies and edits kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiogram.methods
from aiogram.methods import (
    EditMessageCaption,
    EditMessageMedia,
    EditMessageText,
    ForwardMessage,
    SendMediaGroup,
    SendMessage,
    TelegramMethod,
)
from aiogram.types import Message, MessageEntity

from bot.incoming import METHOD, content_of
from bot.splitting import CAPTION_LIMIT, TEXT_LIMIT, Piece, fits, split, split_caption
from bot.unit import Unit
from support.counterparts import CounterpartRepository
from support.deliveries import DeliveryRepository, DeliveryState, Priority
from support.tables import CustomerRow, MessageRow
from support.turns import Words

ALBUM_WAIT: Final = timedelta(seconds=1)
"""The parts of an album come as updates of their own; after so long without one it is whole."""
ALBUM_MOST: Final = 10
ALBUM_KINDS: Final = {"SendPhoto": "photo", "SendVideo": "video", "SendDocument": "document", "SendAudio": "audio"}
MEDIA_KINDS: Final = ALBUM_KINDS | {"SendAnimation": "animation"}
"""What an edit can replace."""
CAPTIONED: Final = MEDIA_KINDS | {"SendVoice": "voice", "SendLivePhoto": "live_photo"}
EDITED: Final = "✏️ "


@dataclass(frozen=True, slots=True)
class Relayed:
    """A message to pass on, and where it stands."""

    chat_id: int
    words: Words

    @classmethod
    def stored(cls, row: MessageRow) -> "Relayed":
        """Describe a message that was stored earlier."""
        words = Words(
            row.message_id, row.kind, row.text, album=row.album, reply_to_id=row.reply_to_id, content=row.content
        )
        return cls(row.chat_id, words)

    @property
    def key(self) -> str:
        """Names the effect: passed on once."""
        return f"message:{self.chat_id}:{self.words.message_id}:relay"

    @property
    def about(self) -> tuple[int, int] | None:
        """The message that it replies to."""
        return None if self.words.reply_to_id is None else (self.chat_id, self.words.reply_to_id)

    @property
    def source(self) -> tuple[int, tuple[int, ...]]:
        """Where it stands, as the ledger has it."""
        return self.chat_id, (self.words.message_id,)


Enqueue = Callable[..., Awaitable[None]]
"""Enqueues a call to one side: (method, key, *, source, about, wait), as ``Unit.to_chat`` and ``to_topic`` do."""


async def to_operators(
    unit: Unit,
    customer: CustomerRow,
    relayed: Relayed,
    turn_id: int | None = None,
    *,
    priority: Priority = Priority.RELAY,
) -> None:
    """Pass a customer's message on to his topic."""

    async def enqueue(method: TelegramMethod[Any], key: str, **links: Any) -> None:  # noqa: ANN401  # handed through
        await unit.to_topic(method, customer, key, priority=priority, turn_id=turn_id, **links)

    await _pass_on(unit, relayed, enqueue)


async def to_customer(unit: Unit, customer: CustomerRow, relayed: Relayed) -> None:
    """Pass an operator's message on to the customer."""

    async def enqueue(method: TelegramMethod[Any], key: str, **links: Any) -> None:  # noqa: ANN401  # handed through
        await unit.to_chat(method, customer.chat_id, key, priority=Priority.ANSWER, customer=customer, **links)

    await _pass_on(unit, relayed, enqueue, chat_id=customer.chat_id)


async def is_passed_on(unit: Unit, customer: CustomerRow, chat_id: int, message_id: int) -> bool:
    """Whether a message has a copy on the other side, or will have one."""
    if await CounterpartRepository(unit.session).copies(chat_id, message_id):
        return True
    return await DeliveryRepository(unit.session).is_being_passed_on(customer.id, chat_id, message_id)


async def edit(
    unit: Unit, customer: CustomerRow, message: Message, key: str, *, before: dict[str, Any] | None, to_topic: bool
) -> None:
    """Change the copy of a message whose words or file were edited; ``before``: the call that sent it until then.

    Operators see from a mark that a customer changed his words.
    """
    about = (message.chat.id, message.message_id)
    copies = await CounterpartRepository(unit.session).copies(*about)
    change, rest = _change(message, content_of(message), before, in_pieces=len(copies) > 1, marks=to_topic)
    calls: list[TelegramMethod[Any]] = [] if change is None else [change]
    calls += [SendMessage(chat_id=0, text=text, entities=entities or None) for text, entities in rest]
    for number, method in enumerate(calls):
        priority = Priority.EDIT if number == 0 and change is not None else Priority.RELAY
        if to_topic:
            await unit.to_topic(method, customer, _part(key, number), priority=priority, about=about)
        else:
            call = method.model_copy(update={"chat_id": customer.chat_id})
            await unit.to_chat(
                call, customer.chat_id, _part(key, number), priority=priority, customer=customer, about=about
            )


def _change(
    message: Message, content: dict[str, Any] | None, before: dict[str, Any] | None, *, in_pieces: bool, marks: bool
) -> tuple[TelegramMethod[Any] | None, list[Piece]]:
    """Return the call that changes the copy, and the words that do not fit into it."""
    if message.text is not None:
        text, entities = message.text, message.entities
        if marks and fits(EDITED + text, TEXT_LIMIT):
            text, entities = _marked(text, entities or [])
        preview = message.link_preview_options
        return EditMessageText(chat_id=0, message_id=0, text=text, entities=entities, link_preview_options=preview), []
    if content is None or content[METHOD] not in CAPTIONED:
        return None, []
    words, entities = message.caption or "", message.caption_entities or []
    if marks and words and fits(EDITED + words, CAPTION_LIMIT):
        words, entities = _marked(words, entities)
    (caption, kept), rest = _captioned(words, entities)
    if rest or (in_pieces and caption is not None):
        # The words of the copy are messages of their own, or have to be: the new ones follow as an answer to it.
        rest = split(*_marked(message.caption or "", message.caption_entities or []))
        caption, kept = None, []
    if _file(content) != _file(before) and (kind := MEDIA_KINDS.get(content[METHOD])) is not None:
        item = {"type": kind, "media": _file(content), "caption": caption, "caption_entities": kept or None}
        set_ones = {name: value for name, value in item.items() if value is not None}
        return EditMessageMedia.model_validate({"chat_id": 0, "message_id": 0, "media": set_ones}), rest
    if in_pieces and rest:
        return None, rest
    return EditMessageCaption(chat_id=0, message_id=0, caption=caption, caption_entities=kept or None), rest


def _marked(text: str, entities: list[MessageEntity]) -> tuple[str, list[MessageEntity]]:
    moved = [entity.model_copy(update={"offset": entity.offset + len(EDITED)}) for entity in entities]
    return EDITED + text, moved


def _file(content: dict[str, Any] | None) -> str | None:
    """Return the id of the file that a call sends."""
    if content is None:
        return None
    found = content.get(CAPTIONED.get(content[METHOD], ""))
    return found if isinstance(found, str) else None


async def _pass_on(unit: Unit, relayed: Relayed, enqueue: Enqueue, chat_id: int = 0) -> None:
    words = relayed.words
    if words.content is None:
        for number, (text, _) in enumerate(split(words.text)):
            plain = SendMessage(chat_id=chat_id, text=text)
            await enqueue(plain, _part(relayed.key, number), source=relayed.source, about=relayed.about)
        return
    name, parameters = words.content[METHOD], {k: v for k, v in words.content.items() if k != METHOD}
    entities = [MessageEntity.model_validate(entity) for entity in parameters.get("caption_entities", ())]
    (_, _), rest = _captioned(parameters.get("caption") or "", entities)
    if rest:
        # Premium users write longer captions than a bot may send: the words follow the file.
        parameters = {k: v for k, v in parameters.items() if k not in {"caption", "caption_entities"}}
    if words.album is not None and name in ALBUM_KINDS:
        await _gather(unit, relayed, enqueue, (name, parameters), chat_id)
    else:
        method = _method(name, {"chat_id": chat_id, **parameters})
        # A forward cannot reply.
        about = None if name == ForwardMessage.__name__ else relayed.about
        await enqueue(method, relayed.key, source=relayed.source, about=about)
    for number, (text, more) in enumerate(rest, start=1):
        following = SendMessage(chat_id=chat_id, text=text, entities=more or None)
        wait = ALBUM_WAIT if words.album is not None else None
        await enqueue(following, _part(relayed.key, number), source=relayed.source, about=None, wait=wait)


async def _gather(
    unit: Unit, relayed: Relayed, enqueue: Enqueue, call: tuple[str, dict[str, Any]], chat_id: int
) -> None:
    """Add a part to its album while the album waits for more; a part that comes too late goes alone."""
    key = f"album:{relayed.chat_id}:{relayed.words.album}:relay"
    name, parameters = call
    item = {"type": ALBUM_KINDS[name], **_as_media(name, parameters)}
    row = await DeliveryRepository(unit.session).by_key(key)
    if row is not None and relayed.words.message_id in (row.source_ids or ()):
        return
    if row is not None and row.state == DeliveryState.PENDING and len(row.payload["media"]) < ALBUM_MOST:
        ids = [*(row.source_ids or ()), relayed.words.message_id]
        # In the order of the messages, in whichever order their updates came.
        parts = sorted(zip(ids, [*row.payload["media"], item], strict=True), key=lambda part: part[0])
        row.payload = {**row.payload, "media": [media for _, media in parts]}
        row.source_ids = [message_id for message_id, _ in parts]
        row.not_before = unit.now + ALBUM_WAIT
        unit.enqueued = True
        return
    own_key = key if row is None else f"{key}:{relayed.words.message_id}"
    reply = {k: v for k, v in parameters.items() if k == "reply_parameters"}
    method = SendMediaGroup.model_validate({"chat_id": chat_id, "media": [item], **reply})
    await enqueue(method, own_key, source=relayed.source, about=relayed.about, wait=ALBUM_WAIT if row is None else None)


def _captioned(text: str, entities: list[MessageEntity]) -> tuple[tuple[str | None, list[MessageEntity]], list[Piece]]:
    """Return what fits under a file, and what must follow as messages."""
    caption, rest = split_caption(text, entities, CAPTION_LIMIT)
    return (caption if caption is not None else (None, [])), rest


def _as_media(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """From a sending call's parameters to an InputMedia."""
    kind = ALBUM_KINDS[name]
    kept = ("caption", "caption_entities", "has_spoiler", "show_caption_above_media", "duration", "performer", "title")
    return {"media": parameters[kind], **{k: parameters[k] for k in kept if k in parameters}}


def _method(name: str, parameters: dict[str, Any]) -> TelegramMethod[Any]:
    method: type[TelegramMethod[Any]] = getattr(aiogram.methods, name)
    # The ledger keeps what was set, so what is written here is what is sent.
    return method.model_validate(parameters)


def _part(key: str, number: int) -> str:
    return key if number == 0 else f"{key}:{number}"
