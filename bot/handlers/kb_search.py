"""/kb search in a customer's topic: passages that may be sent as an answer, and «wrong source» under each."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.methods import EditMessageText
from aiogram.types import InaccessibleMessage, InlineKeyboardButton, InlineKeyboardMarkup, Message
from aiogram.utils.formatting import Bold, Text

from bot import keyboards, said
from bot.handlers import topic
from bot.handlers.desk_buttons import Act, Press
from bot.handlers.quarantining import take_out
from bot.handlers.topic import key_of, remember
from bot.rendering import answer_text, send
from bot.services import Services
from bot.unit import Unit
from knowledge.passages import Chunk, Passage
from support.answering import MAX_QUERY, heading
from support.citations import SourceShown
from support.deliveries import Priority
from support.outcomes import Answered
from support.summaries import cut
from support.tables import CustomerRow

SHOWN: Final = 3
SNIPPET_LENGTH: Final = 260
SEARCH: Final = r"^search(\s|$)"


async def on_search(
    message: Message, command: CommandObject, customer: CustomerRow, unit: Unit, services: Services
) -> None:
    """Show the best passages in one message."""
    await remember(message, customer, unit, "command")
    query = (command.args or "").removeprefix("search").strip()[:MAX_QUERY]
    texts = services.library.of(services.renderer.operators_language)
    base = services.desk.knowledge.get()
    shown: Text | str
    markup = None
    if not query or base is None:
        shown = texts("kb-search-no-base" if query else "kb-search-usage")
    else:
        found = await asyncio.to_thread(base.search, query, language=customer.language, limit=SHOWN)
        shown = _listed(texts("kb-search-found", query=query), found.passages)
        markup = _buttons(services, [passage.chunk for passage in found.passages])
        if not found.passages:
            shown = texts("kb-search-none")
    await unit.to_topic(send(shown, 0, markup), customer, key_of(message, "kb"), priority=Priority.CARD)


async def on_send(press: Press) -> str:
    """Send the passage to the customer as an answer, with its source."""
    if objection := await said.objection(press):
        return objection
    chunk = await _chunk(press)
    if chunk is None:
        return press.texts("kb-search-gone")
    answered = Answered(0, chunk.text, (SourceShown(1, heading(chunk)),), ())
    text = answer_text(press.services.texts(press.customer), answered)
    key = f"kb:{press.group}:{press.message_id}:{chunk.id}"
    await said.say(press, text, key=key)
    await _mark(press, "kb-search-sent")
    return press.texts("kb-search-sent-toast")


async def on_wrong(press: Press) -> str:
    """Take the passage out at once; administrators decide about it."""
    chunk = await _chunk(press)
    if chunk is None:
        return press.texts("quarantined-already")
    toast = await take_out(press, chunk)
    await _mark(press, "kb-search-wrong")
    return toast


async def _chunk(press: Press) -> Chunk | None:
    knowledge = press.services.desk.knowledge
    if knowledge.is_behind():
        await asyncio.to_thread(knowledge.refresh)
    base = knowledge.get()
    return None if base is None or not press.arguments else base.chunk(press.arguments[0])


def _listed(title: str, passages: tuple[Passage, ...]) -> Text:
    parts: list[str | Text] = [title]
    for number, passage in enumerate(passages, start=1):
        chunk = passage.chunk
        words = f"{chunk.question} {chunk.text}" if chunk.question else chunk.text
        parts += ["\n\n", Bold(f"{number}. {heading(chunk)}"), f" ({chunk.source})\n", cut(words, SNIPPET_LENGTH)]
    return Text(*parts)


def _buttons(services: Services, chunks: list[Chunk]) -> InlineKeyboardMarkup | None:
    texts = services.library.of(services.renderer.operators_language)
    rows = [
        [
            keyboards.desk(texts("button-kb-send", n=number), "kb_send", chunk.id),
            keyboards.desk(texts("button-kb-wrong", n=number), "kb_wrong", chunk.id),
        ]
        for number, chunk in enumerate(chunks, start=1)
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


async def _mark(press: Press, key: str) -> None:
    """Say under the list what became of a passage, and take its buttons away."""
    message = press.query.message
    if message is None or isinstance(message, InaccessibleMessage) or message.text is None:
        return
    chunk_id = press.arguments[0]
    rows = message.reply_markup.inline_keyboard if message.reply_markup else []
    numbers = [number for number, row in enumerate(rows) if any(_is_about(one, chunk_id) for one in row)]
    label = next((one.text for number in numbers for one in rows[number]), "").split()
    number = next((word for word in label if word.isdecimal()), "")
    kept = [row for row in rows if not any(_is_about(one, chunk_id) for one in row)]
    told = press.texts(key, name=press.operator.name)
    call = EditMessageText(
        chat_id=press.group,
        message_id=press.message_id,
        text=f"{message.text}\n\n{number}. {told}",
        entities=message.entities,
        reply_markup=InlineKeyboardMarkup(inline_keyboard=kept),
    )
    await press.unit.to_chat(call, press.group, press.key("mark"), priority=Priority.EDIT)


def _is_about(button: InlineKeyboardButton, chunk_id: str) -> bool:
    return (button.callback_data or "").endswith(f":{chunk_id}")


def build() -> Router:
    """Build a fresh router; it stands before the administrators' /kb."""
    router = topic.router(__name__)
    router.message.register(on_search, F.message_thread_id, Command("kb", magic=F.args.regexp(SEARCH)))
    return router


BUTTONS: Final[Mapping[str, Act]] = {"kb_send": on_send, "kb_wrong": on_wrong}
