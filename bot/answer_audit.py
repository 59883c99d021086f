"""Asks operators about drawn answers: one message in the first group's General, edited in place, one after the other.

One at a time and the oldest first: nobody picks the easy ones. It is posted without a sound, at most every few hours,
and an answer that has been judged stands for a while, so that a slip can be mended. The calls count against the group's
limit, so there are no more than two edits an answer.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiogram.methods import DeleteMessage, EditMessageText
from aiogram.types import LinkPreviewOptions
from aiogram.utils.formatting import Text

from bot import audit_text
from bot.groups import Groups
from bot.loops import keep_looking
from bot.rendering import cut, send
from bot.texts import Texts
from bot.unit import Unit, Units
from support import answer_audits
from support.audit_tables import AnswerAuditRow, AuditMessageRow
from support.deliveries import OPEN_STATES, DeliveryRepository, DeliveryState, Priority
from support.desk_tables import OperatorRow
from support.leases import Lease
from support.tables import TurnRow

LOOK_S: Final = 5.0
POST_EVERY: Final = timedelta(hours=3)
AGAIN: Final = timedelta(hours=24)
"""What nobody has judged for so long is posted anew: General has gone on."""
STANDS: Final = timedelta(minutes=5)
"""So long a judged answer stands before the next one takes its place by itself."""


@dataclass(frozen=True, slots=True)
class AuditMessage:
    """Posts and edits the message."""

    units: Units
    lease: Lease
    groups: Groups
    texts: Texts

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        await keep_looking(self.lease, self.look, "answer audit", every_s=LOOK_S)

    async def look(self) -> None:
        """Do what is due."""
        working = self.groups.working()
        if not working:
            return
        now = self.units.clock()
        async with self.units.database.reading() as session:
            row = await session.get(AuditMessageRow, working[0])
            asked = await _asked(Unit(session, now), row)
            waits = await answer_audits.waiting(session) is not None
            calls = DeliveryRepository(session)
            post = None if row is None else await calls.peek(row.post_key)
            last = None if row is None else await calls.peek(row.last_key)
        if last is not None and last.state in OPEN_STATES:
            return
        refused = post is not None and post.state == DeliveryState.FAILED
        if row is None or asked is None or refused:
            if row is not None and asked is None and row.audit_id is not None:
                await self._go_on(working[0])  # its words are gone: nothing of them may stand
            elif waits and (row is None or not timedelta() <= now - row.posted_at < POST_EVERY):
                await self._post(working[0])
        elif asked.verdict is None:
            if not timedelta() <= now - row.posted_at < AGAIN:
                await self._post(working[0])
        elif asked.judged_at is None or not timedelta() <= now - asked.judged_at < STANDS:
            await self._go_on(working[0])

    async def _go_on(self, group: int) -> None:
        async with self.units.open() as unit:
            await show_next(unit, self.texts, group)

    async def _post(self, group: int) -> None:
        async with self.units.open() as unit:
            first = await answer_audits.waiting(unit.session)
            if first is None:
                return
            row = await unit.session.get(AuditMessageRow, group) or AuditMessageRow(chat_id=group)
            former = await message_id_of(unit, row)
            others = await answer_audits.count_waiting(unit.session) - 1
            text = audit_text.draw(self.texts, first, "", others)
            call = send(text, group, audit_text.buttons(self.texts, first, others))
            call.disable_notification = True
            row.post_key = row.last_key = await _key(unit, first, "post")
            row.audit_id, row.posted_at, row.message_id = first.id, unit.now, None
            unit.session.add(row)
            await unit.to_chat(call, group, row.post_key, priority=Priority.EDIT)
            if former is not None:
                # What is older than two days stays (Bot API, deleteMessage).
                gone = DeleteMessage(chat_id=group, message_id=former)
                await unit.to_chat(gone, group, f"answer-audit:former:{group}:{former}", priority=Priority.ACTION)


async def show(unit: Unit, texts: Texts, message: AuditMessageRow, asked: AnswerAuditRow | None) -> None:
    """Bring the message to what stands in the database; None: nothing is asked any more."""
    message_id = await message_id_of(unit, message)
    if message_id is None:
        return
    waiting = await answer_audits.count_waiting(unit.session)
    markup = None
    if asked is None:
        text, key = audit_text.done(texts), f"answer-audit:done:{message.chat_id}:{int(unit.now.timestamp())}"
    else:
        others = waiting - (asked.verdict is None)
        judge = None if asked.judged_by is None else await unit.session.get(OperatorRow, asked.judged_by)
        text = audit_text.draw(texts, asked, judge.name if judge else "", others)
        markup = audit_text.buttons(texts, asked, others)
        key = await _key(unit, asked, asked.verdict or "asked")
    message.last_key = key
    await unit.to_chat(_edit(message.chat_id, message_id, text, markup), message.chat_id, key, priority=Priority.EDIT)


async def show_next(unit: Unit, texts: Texts, group: int) -> None:
    """Ask about the next answer in the message that stands, or say that all are judged."""
    message = await unit.session.get(AuditMessageRow, group, with_for_update=True)
    if message is None:
        return
    asked = await answer_audits.waiting(unit.session)
    message.audit_id = None if asked is None else asked.id
    await show(unit, texts, message, asked)


async def message_id_of(unit: Unit, message: AuditMessageRow) -> int | None:
    """Return the id of the message that stands; kept when it is known: /forget may empty its call in the ledger."""
    if message.message_id is None and message.post_key:
        post = await DeliveryRepository(unit.session).peek(message.post_key)
        message.message_id = None if post is None else post.message_id
    return message.message_id


async def _asked(unit: Unit, message: AuditMessageRow | None) -> AnswerAuditRow | None:
    """Return the answer that the message asks about, as long as its words are there."""
    if message is None or message.audit_id is None:
        return None
    row = await unit.session.get(AnswerAuditRow, message.audit_id)
    return row if row is not None and row.answer else None


async def _key(unit: Unit, asked: AnswerAuditRow, what: str) -> str:
    """Name a call so that it is emptied when the customer is erased (support.erasure)."""
    turn = await unit.session.get_one(TurnRow, asked.turn_id)
    return f"answer-audit:{turn.customer_id}:{asked.id}:{what}:{int(unit.now.timestamp() * 1000)}"


def _edit(group: int, message_id: int, text: Text, markup: object) -> EditMessageText:
    words, entities = cut(*text.render())
    call = EditMessageText(
        chat_id=group,
        message_id=message_id,
        text=words,
        entities=entities,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    return call.model_copy(update={"reply_markup": markup}) if markup is not None else call
