"""Messages of people, passed on to the other side: by file id, albums together, replies and edits kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiogram.methods
from aiogram.methods import EditMessageCaption, EditMessageText, SendMediaGroup, SendMessage, TelegramMethod
from aiogram.types import Message, MessageEntity

from bot.incoming import METHOD
from bot.splitting import split, split_caption
from bot.unit import Unit
from support.counterparts import CounterpartRepository
from support.deliveries import OPEN_STATES, DeliveryRepository, DeliveryState, Priority
from support.tables import CustomerRow, MessageRow
from support.turns import Words

ALBUM_WAIT: Final = timedelta(seconds=1)
"""The parts of an album come as updates of their own; after so long without one it is whole."""
ALBUM_MOST: Final = 10
ALBUM_KINDS: Final = {"SendPhoto": "photo", "SendVideo": "video", "SendDocument": "document", "SendAudio": "audio"}
CAPTION_LENGTH: Final = 1024


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


async def is_passed_on(unit: Unit, chat_id: int, message_id: int) -> bool:
    """Whether a message has a copy on the other side, or will have one."""
    if await CounterpartRepository(unit.session).copies(chat_id, message_id):
        return True
    row = await DeliveryRepository(unit.session).by_key(f"message:{chat_id}:{message_id}:relay")
    return row is not None and row.state in OPEN_STATES


async def edit(unit: Unit, customer: CustomerRow, message: Message, key: str, *, to_topic: bool) -> None:
    """Change the copy of a message whose words were edited."""
    about = (message.chat.id, message.message_id)
    chat_id = 0 if to_topic else customer.chat_id
    method: TelegramMethod[Any]
    if message.text is not None:
        method = EditMessageText(chat_id=chat_id, message_id=0, text=message.text, entities=message.entities)
    else:
        (caption, entities), _ = _captioned(message.caption or "", message.caption_entities or [])
        method = EditMessageCaption(chat_id=chat_id, message_id=0, caption=caption, caption_entities=entities)
    if to_topic:
        await unit.to_topic(method, customer, key, priority=Priority.EDIT, about=about)
    else:
        await unit.to_chat(method, chat_id, key, priority=Priority.EDIT, customer=customer, about=about)


async def _pass_on(unit: Unit, relayed: Relayed, enqueue: Enqueue, chat_id: int = 0) -> None:
    words = relayed.words
    if words.content is None:
        for number, (text, _) in enumerate(split(words.text)):
            plain = SendMessage(chat_id=chat_id, text=text)
            await enqueue(plain, _part(relayed.key, number), source=relayed.source, about=relayed.about)
        return
    name, parameters = words.content[METHOD], {k: v for k, v in words.content.items() if k != METHOD}
    entities = [MessageEntity.model_validate(entity) for entity in parameters.get("caption_entities", ())]
    (caption, kept), rest = _captioned(parameters.get("caption") or "", entities)
    if rest:
        # Premium users write longer captions than a bot may send: the words follow the file.
        parameters = {k: v for k, v in parameters.items() if k not in {"caption", "caption_entities"}}
        parameters |= {"caption": caption, "caption_entities": [dump_entity(one) for one in kept]} if caption else {}
    if words.album is not None and name in ALBUM_KINDS:
        await _gather(unit, relayed, enqueue, {"type": ALBUM_KINDS[name], **_as_media(name, parameters)}, chat_id)
    else:
        method = _method(name, {"chat_id": chat_id, **parameters})
        await enqueue(method, relayed.key, source=relayed.source, about=relayed.about)
    for number, (text, more) in enumerate(rest, start=1):
        following = SendMessage(chat_id=chat_id, text=text, entities=more or None)
        wait = ALBUM_WAIT if words.album is not None else None
        await enqueue(following, _part(relayed.key, number), source=relayed.source, about=relayed.about, wait=wait)


async def _gather(unit: Unit, relayed: Relayed, enqueue: Enqueue, item: dict[str, Any], chat_id: int) -> None:
    """Add a part to its album while the album waits for more; a part that comes too late begins another."""
    key = f"album:{relayed.chat_id}:{relayed.words.album}:relay"
    repository = DeliveryRepository(unit.session)
    row = await repository.by_key(key)
    if row is not None and row.state == DeliveryState.PENDING and len(row.payload["media"]) < ALBUM_MOST:
        if relayed.words.message_id not in (row.source_ids or ()):
            row.payload = {**row.payload, "media": [*row.payload["media"], item]}
            row.source_ids = [*(row.source_ids or ()), relayed.words.message_id]
            row.not_before = unit.now + ALBUM_WAIT
            unit.enqueued = True
        return
    own_key = key if row is None else f"{key}:{relayed.words.message_id}"
    method = SendMediaGroup.model_validate({"chat_id": chat_id, "media": [item]})
    await enqueue(method, own_key, source=relayed.source, about=relayed.about, wait=ALBUM_WAIT)


def _captioned(
    text: str, entities: list[MessageEntity]
) -> tuple[tuple[str | None, list[MessageEntity]], list[tuple[str, list[MessageEntity]]]]:
    """Return what fits under a file, and what must follow as messages."""
    caption, rest = split_caption(text, entities, CAPTION_LENGTH)
    return (caption if caption is not None else (None, [])), rest


def _as_media(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """From a sending call's parameters to an InputMedia."""
    kind = ALBUM_KINDS[name]
    kept = ("caption", "caption_entities", "has_spoiler", "show_caption_above_media", "duration", "performer", "title")
    return {"media": parameters[kind], **{k: parameters[k] for k in kept if k in parameters}}


def dump_entity(entity: MessageEntity) -> dict[str, Any]:
    """Return an entity as JSON."""
    return entity.model_dump(mode="json", exclude_none=True)


def _method(name: str, parameters: dict[str, Any]) -> TelegramMethod[Any]:
    method: type[TelegramMethod[Any]] = getattr(aiogram.methods, name)
    # The ledger keeps what was set, so what is written here is what is sent.
    return method.model_validate(parameters)


def _part(key: str, number: int) -> str:
    return key if number == 0 else f"{key}:{number}"
