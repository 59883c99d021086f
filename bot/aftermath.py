"""What follows from how a call ended: what was said is remembered, and whoever waits hears of a failure."""

from dataclasses import dataclass
from datetime import UTC
from typing import Final

from aiogram.methods import PinChatMessage, SendMessage, UnpinChatMessage

from bot import replacing
from bot.groups import Groups
from bot.relay import EDITED
from bot.rendering import Renderer
from bot.schedule import EDITS
from bot.sending import TOPIC_GONE, Ended, Made
from bot.splitting import split
from bot.texts import Texts
from bot.topics import topic_link
from bot.unit import Unit
from support.board import touch
from support.counterparts import CounterpartRepository
from support.customers import CustomerRepository
from support.deliveries import CARDS, DeliveryRepository, DeliveryState, Priority
from support.desk import Desk
from support.erasure import KEY
from support.escalations import EscalationReason, EscalationRepository
from support.summaries import short
from support.tables import CustomerRow, TurnRow
from support.transport_tables import DeliveryRow
from support.turns import TurnRepository, Words

SAID: Final = "said:"
"""Begins the key of what an operator had the bot say: it is remembered as his, and he hears when it does not arrive."""
SHOWN: Final = 60
"""Characters of it that are shown then."""
TOLD_FROM_S: Final = 60.0
"""A pause that an operator should know of."""
REASONS: Final = (
    ("blocked", "failure-blocked"),
    ("deactivated", "failure-deactivated"),
    ("can't initiate", "failure-not-started"),
    ("voice_messages_forbidden", "failure-voice-forbidden"),
    ("restricted receiving of", "failure-voice-forbidden"),
    ("too large", "failure-too-large"),
    ("too big", "failure-too-large"),
    ("to copy not found", "failure-gone"),
    ("can't be copied", "failure-kind"),
    ("can't be forwarded", "failure-kind"),
    ("unsupported content", "failure-kind"),
    ("wrong file", "failure-file"),
    ("wrong remote file", "failure-file"),
    ("file reference", "failure-file"),
)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """Enqueues and records what a call's end asks for, in the transaction that records the end itself."""

    desk: Desk
    renderer: Renderer
    groups: Groups
    admins: tuple[int, ...]

    async def follow(self, unit: Unit, made: Made) -> None:
        """Draw the consequences of one call; safe to repeat."""
        row, ended = made.row, made.ended
        if ended.group_refuses and made.peer_id in self.groups.working():
            await self._tell_admins(unit, ended, made.peer_id)
        if row.customer_id is None:
            await self._topic_left(unit, made)
            return
        customer = await CustomerRepository(unit.session).by_id(row.customer_id)
        if customer.erased_at is not None:
            return
        match ended.state:
            case DeliveryState.DELIVERED:
                await self._remember(unit, made, customer)
                if row.to_topic and ended.message_ids:
                    await self._arrived(unit, customer, row, (made.peer_id, ended.message_ids[0]))
            case DeliveryState.FAILED | DeliveryState.UNKNOWN if row.to_topic:
                await self._not_passed_on(unit, row, ended, customer)
            case DeliveryState.FAILED | DeliveryState.UNKNOWN:
                await self._not_delivered(unit, row, ended, customer)
            case None if ended.retry_after_s is not None and ended.retry_after_s >= TOLD_FROM_S:
                await self._delayed(unit, row, ended.retry_after_s, customer)
            case _:
                return

    async def _topic_left(self, unit: Unit, made: Made) -> None:
        """An erased customer's topic that cannot be deleted still holds every word: administrators have to do it."""
        row, ended = made.row, made.ended
        failed = ended.state in {DeliveryState.FAILED, DeliveryState.UNKNOWN}
        if not failed or row.method != "DeleteForumTopic" or not row.key.startswith(KEY):
            return
        if any(gone in (ended.error or "").lower() for gone in TOPIC_GONE):
            return
        link = topic_link(made.peer_id, row.payload["message_thread_id"])
        text = self._operators_texts(
            "erased-topic-left", link=link, reason=reason_in_words(self._operators_texts, ended)
        )
        await self._say_to_admins(unit, text, f"{row.key}:left")

    async def _remember(self, unit: Unit, made: Made, customer: CustomerRow) -> None:
        """Keep what the customer was told as part of the conversation, and where relayed messages have gone."""
        row, copies = made.row, made.ended.message_ids
        if row.source_chat_id is not None:
            counterparts = CounterpartRepository(unit.session)
            for source_id, copy_id in zip(made.sources, copies, strict=False):
                await counterparts.add(customer.id, (row.source_chat_id, source_id), (made.peer_id, copy_id))
        elif not row.to_topic and copies and row.priority == Priority.ANSWER and "text" in made.begun.payload:
            words = Words(copies[0], "text", made.begun.payload["text"])
            turns = TurnRepository(unit.session)
            speaker = "operator" if row.key.startswith(SAID) else "bot"
            await turns.add_message(customer, words, unit.now, turn_id=row.turn_id, speaker=speaker)

    async def _arrived(self, unit: Unit, customer: CustomerRow, row: DeliveryRow, message: tuple[int, int]) -> None:
        if row.key.startswith(CARDS):
            await self._pin(unit, customer, row, message)
        await replacing.arrived(unit, customer, row, *message)

    async def _pin(self, unit: Unit, customer: CustomerRow, row: DeliveryRow, arrived: tuple[int, int]) -> None:
        """The newest card is the one that is pinned and kept up to date; one on its way before it gives way."""
        if not await DeliveryRepository(unit.session).is_newest_card(row):
            return
        group, card_id = arrived
        if customer.card_chat_id is not None and customer.card_id not in {None, card_id}:
            unpin = UnpinChatMessage(chat_id=customer.card_chat_id, message_id=customer.card_id)
            key = f"pin:{customer.card_chat_id}:{customer.card_id}:over"
            await unit.to_chat(unpin, customer.card_chat_id, key, priority=Priority.ACTION)
        customer.card_chat_id, customer.card_id = group, card_id
        touch(customer, unit.now)
        pin = PinChatMessage(chat_id=group, message_id=card_id, disable_notification=True)
        await unit.to_chat(pin, group, f"pin:{group}:{card_id}", priority=Priority.ACTION)

    async def _not_delivered(self, unit: Unit, row: DeliveryRow, ended: Ended, customer: CustomerRow) -> None:
        """The customer did not get it: the operator who wrote it hears of it; without one, a person is called."""
        newly_blocked = ended.blocked and customer.blocked_at is None
        if ended.blocked:
            customer.blocked_at = customer.blocked_at or unit.now
        texts = self._operators_texts
        escalated = await EscalationRepository(unit.session).open_of(customer.id)
        if about := self._operators_message(row):
            reason = reason_in_words(texts, ended)
            key = "not-delivered" if ended.state is DeliveryState.FAILED else "perhaps-not-delivered"
            await self._note(unit, row, customer, texts(key, reason=reason), about=about)
        elif row.key.startswith(SAID):
            reason, text = reason_in_words(texts, ended), short(row.payload.get("text", ""), SHOWN)
            await self._note(unit, row, customer, texts("said-not-delivered", text=text, reason=reason))
        elif newly_blocked and escalated:
            await self._note(unit, row, customer, texts("operator-blocked"))
        elif not ended.blocked and row.turn_id is not None and row.key.startswith("turn:"):
            turn = await unit.session.get(TurnRow, row.turn_id)
            outcome = await self.desk.escalate(
                unit.session, customer, EscalationReason.NOT_DELIVERED, unit.now, turn=turn
            )
            await self.renderer.render(unit, customer, outcome, f"delivery:{row.id}:failed", turn)

    async def _not_passed_on(self, unit: Unit, row: DeliveryRow, ended: Ended, customer: CustomerRow) -> None:
        """The operators did not get what the customer sent: both hear of it. An edit is shown beside its message."""
        words = row.payload.get("text") or row.payload.get("caption")
        if row.method in EDITS and words:
            for number, (text, _) in enumerate(
                split(self._operators_texts("customer-edited", text=words.removeprefix(EDITED)))
            ):
                call = SendMessage(chat_id=0, text=text)
                await unit.to_topic(call, customer, f"delivery:{row.id}:edited:{number}")
        if row.key.startswith("escalation:") and ended.state is DeliveryState.UNKNOWN:
            await self._card_again(unit, row, customer)
        elif row.key.startswith(CARDS):
            await self._card_lost(unit, row, ended, customer)
        if row.source_chat_id != customer.chat_id:
            return
        reason = reason_in_words(self._operators_texts, ended)
        await self._note(unit, row, customer, self._operators_texts("not-passed-on", reason=reason))
        texts = self.renderer.library.of(customer.language)
        in_words = known_reason(texts, ended)
        text = texts("not-passed-on-because", reason=in_words) if in_words else texts("not-passed-on-customer")
        told = SendMessage(chat_id=customer.chat_id, text=text)
        about = (customer.chat_id, row.source_ids[0]) if row.source_ids else None
        key = f"delivery:{row.id}:told"
        await unit.to_chat(told, customer.chat_id, key, customer=customer, about=about)

    async def _card_again(self, unit: Unit, row: DeliveryRow, customer: CustomerRow) -> None:
        """Nobody knows whether the card is there: one that says so is better than a customer who waits for nobody."""
        words = f"{row.payload['text']}\n\n{self._operators_texts('card-again')}"
        card = SendMessage.model_validate(row.payload | {"text": words, "chat_id": 0})
        await unit.to_topic(card, customer, f"card:{row.id}:again", priority=Priority.CARD, turn_id=row.turn_id)

    async def _card_lost(self, unit: Unit, row: DeliveryRow, ended: Ended, customer: CustomerRow) -> None:
        """Nobody would know that a person was called: administrators and the customer hear of it."""
        text = self._operators_texts(
            "card-failed", name=customer.name, reason=reason_in_words(self._operators_texts, ended)
        )
        await self._say_to_admins(unit, text, f"delivery:{row.id}:admins")
        told = self.renderer.library.of(customer.language)("not-passed-on-customer")
        await self.renderer.say(unit, customer, f"delivery:{row.id}:told", told)

    async def _delayed(self, unit: Unit, row: DeliveryRow, seconds: float, customer: CustomerRow) -> None:
        """Telegram wants this customer left alone for long: the operator who wrote to him should know."""
        if not row.to_topic and (about := self._operators_message(row)):
            minutes = max(1, round(seconds / 60))
            await self._note(unit, row, customer, self._operators_texts("delayed", minutes=minutes), about=about)

    async def _note(
        self, unit: Unit, row: DeliveryRow, customer: CustomerRow, text: str, *, about: tuple[int, int] | None = None
    ) -> None:
        note = SendMessage(chat_id=0, text=text)
        key = f"delivery:{row.id}:note:{row.attempts}"
        await unit.to_topic(note, customer, key, priority=Priority.CARD, about=about)

    def _operators_message(self, row: DeliveryRow) -> tuple[int, int] | None:
        """Return the operator's message that a call passes on or changes the copy of."""
        chat_id, message_id = row.source_chat_id, row.source_ids[0] if row.source_ids else None
        if row.method in EDITS:
            chat_id, message_id = row.about_chat_id, row.about_id
        if chat_id is None or message_id is None or self.groups.present(chat_id) not in self.groups.ids:
            return None
        return self.groups.present(chat_id), message_id

    async def _tell_admins(self, unit: Unit, ended: Ended, group: int) -> None:
        text = self._operators_texts("group-refuses", group=str(group), reason=ended.error or "")
        await self._say_to_admins(unit, text, f"group:{group}:refuses:{unit.now.astimezone(UTC):%Y-%m-%dT%H:%M}")

    async def _say_to_admins(self, unit: Unit, text: str, key: str) -> None:
        for admin in self.admins:
            call = SendMessage(chat_id=admin, text=text)
            await unit.to_chat(call, admin, f"{key}:{admin}", priority=Priority.CARD)

    @property
    def _operators_texts(self) -> Texts:
        return self.renderer.library.of(self.renderer.operators_language)


def reason_in_words(texts: Texts, ended: Ended) -> str:
    """Say why Telegram did not take a call; a refusal that we have no words for is shown as it stands."""
    return known_reason(texts, ended) or ended.error or texts("failure-unknown")


def known_reason(texts: Texts, ended: Ended) -> str | None:
    """Say why, where we have words for it."""
    if ended.state is DeliveryState.UNKNOWN:
        return texts("failure-unknown")
    error = (ended.error or "").lower()
    return next((texts(key) for part, key in REASONS if part in error), None)
