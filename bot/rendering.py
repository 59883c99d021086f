"""From the desk's outcomes to calls to Telegram: what the customer reads, what the operators read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from aiogram.methods import SendMessage, UnpinChatMessage
from aiogram.types import (
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from aiogram.utils.formatting import BlockQuote, Bold, Text

from bot import card, keyboards, relay
from bot.cancellations import Cancellations
from bot.card_help import help_of, summarise
from bot.prospects import prospects
from bot.rota import Rota
from bot.splitting import split
from bot.texts import Library, Texts
from bot.unit import Unit
from support import abuse, outcomes
from support.board import State
from support.citations import SourceShown
from support.deliveries import DeliveryRepository, Priority
from support.desk_file import DeskFile
from support.escalations import EscalationReason
from support.expectation import expect
from support.orders import lookup
from support.orders.models import Order
from support.tables import CustomerRow, EscalationRow, MessageRow, TurnRow
from support.turns import TurnRepository

TEXT_LENGTH: Final = 4096
VOICE: Final = frozenset({"voice", "audio", "video_note", "video"})
PICTURES: Final = frozenset({"photo", "document", "animation"})
Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None


@dataclass(frozen=True, slots=True)
class Renderer:
    """Puts outcomes into words, in the customer's language and in the operators'."""

    library: Library
    operators_language: str
    cancellations: Cancellations
    rota: Rota | None = None
    """Gives conversations out; without it whoever takes one has it."""
    file: DeskFile = field(default_factory=DeskFile)
    """Says when operators work."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What operators call each intent, by its name."""

    async def render(
        self, unit: Unit, customer: CustomerRow, outcome: outcomes.Outcome, key: str, turn: TurnRow | None = None
    ) -> None:
        """Enqueue what has to be said. The key names the decision: rendering it again says nothing twice."""
        texts = self.library.of(customer.language)
        match outcome:
            case outcomes.Ignored() | outcomes.Generating():
                return
            case outcomes.Stopped():
                self.withdraw(unit, outcome.cancelled)
                await self.say(unit, customer, key, texts("stopped"), markup=keyboards.operator(texts), turn=turn)
            case outcomes.Escalated():
                self.withdraw(unit, outcome.cancelled)
                await self._escalated(unit, customer, outcome, key, turn)
            case outcomes.Answered():
                markup = keyboards.answer(texts, outcome.answer_id)
                await self.say(
                    unit, customer, key, calmly(texts, answer_text(texts, outcome), turn), markup=markup, turn=turn
                )
            case outcomes.Clarify():
                markup = keyboards.clarify(texts, turn.id if turn else 0, outcome.options)
                await self.say(unit, customer, key, Text(texts("clarify")), markup=markup, turn=turn)
            case _:
                text, reply = simple(texts, outcome)
                calm = text if isinstance(outcome, outcomes.Abused) else calmly(texts, text, turn)
                await self.say(unit, customer, key, calm, markup=reply, turn=turn)

    async def say(
        self,
        unit: Unit,
        customer: CustomerRow,
        key: str,
        text: Text | str,
        *,
        markup: Markup = None,
        turn: TurnRow | None = None,
    ) -> None:
        """Enqueue a message to the customer; a long one in several pieces, the buttons under the last."""
        pieces = split(*text.render()) if isinstance(text, Text) else split(text)
        turn_id = turn.id if turn else None
        for number, (words, entities) in enumerate(pieces, start=1):
            method = message(words, entities, customer.chat_id, markup if number == len(pieces) else None)
            part = key if number == 1 else f"{key}:{number}"
            await unit.to_chat(method, customer.chat_id, part, customer=customer, turn_id=turn_id)

    def withdraw(self, unit: Unit, job_ids: tuple[str, ...]) -> None:
        """Withdraw the jobs from the workers once the decision is committed."""
        if job_ids:
            unit.after_commit.append(lambda: self.cancellations.soon(job_ids))

    async def _escalated(
        self, unit: Unit, customer: CustomerRow, outcome: outcomes.Escalated, key: str, turn: TurnRow | None
    ) -> None:
        texts = self.library.of(customer.language)
        escalation = await unit.session.get_one(EscalationRow, outcome.escalation_id)
        if not outcome.new:
            told = await self._with_prospects(unit, escalation, texts, texts("escalated-already"))
            await self.say(unit, customer, key, told, turn=turn)
            return
        key = f"escalation:{outcome.escalation_id}"
        if outcome.reason is not EscalationReason.OPERATOR_WROTE:
            told = texts(f"escalated-{outcome.reason.replace('_', '-')}")
            told = await self._with_prospects(unit, escalation, texts, told)
            await self.say(unit, customer, f"{key}:told", told, markup=keyboards.gone(), turn=turn)
        messages = await TurnRepository(unit.session).messages_of(*outcome.turn_ids)
        escalation.question = "\n".join(message.text for message in messages if message.text.strip())
        operators = self.library.of(self.operators_language)
        escalation.summary = await summarise(operators, unit.session, escalation, outcome.turn_ids)
        turn_id = turn.id if turn else next(iter(outcome.turn_ids), None)
        given = await self.rota.place(unit, customer, escalation, key) if self.rota else None
        name = given.name if given else None
        await self.send_card(unit, customer, escalation, f"{key}:card", turn_id=turn_id, assignee=name)
        too_long = len(escalation.question) > card.QUESTION_LENGTH
        shown = [row for row in messages if too_long or _is_more_than_words(row)]
        earlier = await TurnRepository(unit.session).recent_media(customer.id, unit.now)
        rows = {row.message_id: row for row in (*earlier, *shown)}
        for _, row in sorted(rows.items()):
            if not await relay.is_passed_on(unit, customer, row.chat_id, row.message_id):
                await relay.to_operators(unit, customer, relay.Relayed.stored(row), row.turn_id)

    async def _with_prospects(self, unit: Unit, escalation: EscalationRow, texts: Texts, told: str) -> str:
        """Add what the customer can expect, as far as it is known."""
        expected = await expect(unit.session, escalation, self.file.hours, unit.now)
        return "\n\n".join(filter(None, (told, prospects(texts, expected, self.file.hours, unit.now))))

    async def send_card(
        self,
        unit: Unit,
        customer: CustomerRow,
        escalation: EscalationRow,
        key: str,
        *,
        state: State = State.FRESH,
        turn_id: int | None = None,
        assignee: str | None = None,
    ) -> None:
        """Send a new card: it notifies, and takes the pin of the one before when it has arrived (bot.aftermath)."""
        texts = self.library.of(self.operators_language)
        helps = await help_of(texts, unit.session, customer, escalation, self.labels)
        drawn = card.card(texts, customer, escalation, state, assignee, help_=helps)
        if customer.card_id is not None and customer.card_chat_id is not None:
            unpin = UnpinChatMessage(chat_id=customer.card_chat_id, message_id=customer.card_id)
            await unit.to_chat(unpin, customer.card_chat_id, f"{key}:unpin", priority=Priority.ACTION)
        await DeliveryRepository(unit.session).withdraw_cards(customer.id, unit.now)
        customer.card_id, customer.card_shown = None, drawn.digest
        call = send(drawn.text, 0, drawn.markup)
        await unit.to_topic(call, customer, key, priority=Priority.CARD, turn_id=turn_id)

    async def show_words(self, unit: Unit, customer: CustomerRow, turn_ids: tuple[int, ...]) -> None:
        """Copy the customer's messages of the turns into his topic."""
        for row in await TurnRepository(unit.session).messages_of(*turn_ids):
            await relay.to_operators(unit, customer, relay.Relayed.stored(row), row.turn_id)


def send(text: Text | str, chat_id: int, markup: Markup = None) -> SendMessage:
    """Build a message with entities of our own; no parse mode, so no text can break out of it."""
    # aiogram renders the text and counts the entities' UTF-16 offsets.
    words, entities = cut(*text.render()) if isinstance(text, Text) else cut(text, [])
    return message(words, entities, chat_id, markup)


def message(words: str, entities: list[MessageEntity], chat_id: int, markup: Markup = None) -> SendMessage:
    """Build the call; an answer's links show no previews."""
    return SendMessage(
        chat_id=chat_id,
        text=words,
        entities=entities or None,
        reply_markup=markup,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )


def cut(words: str, entities: list[MessageEntity]) -> tuple[str, list[MessageEntity]]:
    """Shorten what Telegram would refuse: it counts UTF-16 units, and a cut answer is better than none."""
    encoded = words.encode("utf-16-le")
    if len(encoded) <= 2 * TEXT_LENGTH:
        return words, entities
    end = TEXT_LENGTH - 1
    kept = [
        entity.model_copy(update={"length": min(entity.length, end - entity.offset)})
        for entity in entities
        if entity.offset < end
    ]
    return encoded[: 2 * end].decode("utf-16-le", errors="ignore") + "…", kept


def simple(texts: Texts, outcome: outcomes.Outcome) -> tuple[Text | str, Markup]:  # noqa: PLR0911  # one an outcome
    """Return the words and buttons of an outcome that needs nothing but a text."""
    match outcome:
        case outcomes.Greeted(kind):
            return texts(kind), keyboards.start(texts) if kind == "hello" else None
        case outcomes.Abused():
            return texts("abuse-only"), keyboards.operator(texts)
        case outcomes.MediaNotUnderstood(kind):
            return texts(_media_key(kind)), keyboards.operator(texts)
        case lookup.AskNumber():
            return texts("order-ask-number"), None
        case lookup.AskProof(number):
            return texts("order-ask-proof", number=number), keyboards.share_contact(texts)
        case lookup.Found(order):
            return order_text(texts, order), keyboards.gone()
        case lookup.Refused():
            return texts("order-refused"), keyboards.operator(texts)
        case lookup.LockedOut(until):
            return texts("order-locked", until=f"{until.astimezone():%H:%M}"), keyboards.operator(texts)
        case _:
            return texts("out-of-scope"), keyboards.operator(texts)


def calmly(texts: Texts, text: Text | str, turn: TurnRow | None) -> Text | str:
    """Begin with a calm word where the customer swore."""
    if turn is None or not abuse.find(turn.text):
        return text
    return Text(texts("abuse-calm"), "\n\n", text)


def answer_text(texts: Texts, answered: outcomes.Answered) -> Text:
    """The answer, what stays open, and where it comes from."""
    parts: list[str | Text] = [answered.text]
    if answered.unanswered:
        opening, closing = "«»" if texts.language == "ru" else "“”"
        questions = " ".join(f"{opening}{question}{closing}" for question in answered.unanswered)
        parts += ["\n\n", texts("answer-partly", questions=questions)]
    if answered.left_over:
        parts += ["\n\n", texts("answer-left-over", n=len(answered.left_over), first=answered.left_over[0])]
    if answered.sources:
        parts += ["\n\n", BlockQuote(texts("source", headings=headings_text(answered.sources)))]
    return Text(*parts)


def headings_text(sources: tuple[SourceShown, ...]) -> str:
    """Name the sources in one line; several are numbered as in the text."""
    if len(sources) == 1:
        return sources[0].heading
    return "; ".join(f"[{source.number}] {source.heading}" for source in sources)


def order_text(texts: Texts, order: Order) -> Text:
    """The order's state; an unknown status is shown as it stands, what is unknown is left out."""
    status = texts(f"status-{order.status.replace('_', '-')}") if order.known_status else order.status
    lines = [
        ("eta", _date(order.eta)),
        ("carrier", order.carrier),
        ("tracking", order.tracking),
        ("items", order.items),
        ("total", order.total),
        ("created", _date(order.created_at)),
    ]
    body = "\n".join(texts(f"order-line-{name}", **{name: value}) for name, value in lines if value)
    title, _, state = texts("order-found", number=order.number, status=status).partition("\n\n")
    return Text(Bold(title), "\n", state, "\n\n", body)


def _is_more_than_words(row: MessageRow) -> bool:
    """Whether the card's plain text does not say all of a message: a file, an address behind words."""
    marks = (row.content or {}).get("entities", ())
    return row.kind != "text" or any(mark["type"] == "text_link" for mark in marks)


def _date(value: date | None) -> str:
    return f"{value:%d.%m.%Y}" if value else ""


def _media_key(kind: str) -> str:
    if kind in VOICE:
        return "media-voice"
    if kind in PICTURES:
        return "media-picture"
    return f"media-{kind}" if kind in {"sticker", "contact"} else "media-other"
