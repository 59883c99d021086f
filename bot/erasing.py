"""Erasing customers: begun in a unit of work, gone on with by the process that sends until nothing is left."""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any, Final, cast

import structlog
from aiogram.methods import DeleteForumTopic, SendMessage
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import select

from bot.groups import Groups
from bot.loops import keep_looking
from bot.texts import Texts
from bot.unit import Unit, Units
from support import erasure
from support.availability import UNAVAILABLE
from support.deliveries import Priority
from support.leases import Lease
from support.privacy_tables import ErasureRow
from support.queue import PAYLOAD_FIELD, RESULTS_STREAM
from support.secret import Secret
from support.tables import CustomerRow, TurnRow

LOOK_S: Final = 1.0
PAUSE_S: Final = 5.0
"""After a failure."""
AGAIN_S: Final = 60.0
"""While his topic cannot be deleted yet, tables are looked through so often: other writers wait for it."""
STREAM_BATCH: Final = 500
REWRITE_S: Final = 30.0
REWRITE_LOOK_S: Final = 0.1
_OF_TURN: Final = re.compile(r"(?:^|[:-])[tr]-(\d+)-|otvet:begun:(\d+)-")
"""Jobs, readings and notes of a turn, by their keys in Redis."""
log = structlog.get_logger()


@dataclass(slots=True)
class Erasing:
    """Erases whoever asked to be forgotten. A killed process loses nothing: where it stands is in the database."""

    units: Units
    lease: Lease
    redis: Redis
    groups: Groups
    secret: Secret
    texts: Texts
    """The operators'."""
    _swept_at: dict[str, float] = field(default_factory=dict)

    async def begin(self, unit: Unit, customer: CustomerRow, *, asked_by: int) -> erasure.Begun | None:
        """Cut a customer off; the rest follows. None: it was begun before."""
        return await begin(unit, self.groups, self.texts, customer, asked_by=asked_by)

    async def restore_ban(self, unit: Unit, customer: CustomerRow) -> None:
        """Ban a customer who has just come if he was banned before he was erased."""
        if await erasure.has_bans(unit.session):
            await erasure.restore_ban(unit.session, customer, self.secret.digest(customer.chat_id))

    async def run(self) -> None:
        """Go on with what is begun, until cancelled."""
        await keep_looking(
            self.lease,
            self.look,
            "erasure",
            every_s=LOOK_S,
            after_failure_s=PAUSE_S,
            passing=(*UNAVAILABLE, RedisError, OSError),
        )

    async def look(self) -> None:
        """Take every erasure as far as it goes now."""
        async with self.units.database.reading() as session:
            tokens = list(await session.scalars(select(ErasureRow.token).order_by(ErasureRow.asked_at)))
        for token in tokens:
            await self._go_on(token)

    async def _go_on(self, token: str) -> None:
        async with self.units.database.reading() as session:
            row = await session.get(ErasureRow, token)
            if row is None:
                return
            turns = set(await session.scalars(select(TurnRow.id).where(TurnRow.customer_id == row.customer_id)))
        if row.chat_id == 0:
            await self._tidy_up(token)
            return
        if time.monotonic() - self._swept_at.get(token, -AGAIN_S) < AGAIN_S:
            async with self.units.database.reading() as session:
                if await erasure.is_busy(session, row):
                    return
        await self._out_of_redis(turns, row.chat_id)
        while await self._swept(token):
            pass
        self._swept_at[token] = time.monotonic()
        async with self.units.open() as unit:
            present = await unit.session.get_one(ErasureRow, token)
            if await erasure.is_busy(unit.session, present) or await erasure.sweep(unit.session, present, unit.now):
                return
            await erasure.prove(unit.session, present, self.secret.digest(present.chat_id), unit.now)
        self._swept_at.pop(token, None)
        await self._tidy_up(token)

    async def _swept(self, token: str) -> int:
        async with self.units.open() as unit:
            return await erasure.sweep(unit.session, await unit.session.get_one(ErasureRow, token), unit.now)

    async def _out_of_redis(self, turns: set[int], chat_id: int) -> None:
        """Delete jobs, results, readings and counts of the customer's."""
        mine = [key async for key in self.redis.scan_iter(count=STREAM_BATCH) if _is_of(_text(key), turns, chat_id)]
        if mine:
            await self.redis.delete(*mine)
        after = "-"
        while entries := cast("list[Any]", await self.redis.xrange(RESULTS_STREAM, min=after, count=STREAM_BATCH)):
            gone = [entry_id for entry_id, fields in entries if _turn_of(fields) in turns]
            if gone:
                await self.redis.xdel(RESULTS_STREAM, *gone)
            after = "(" + _text(entries[-1][0])

    async def _tidy_up(self, token: str) -> None:
        """Take what was erased out of the logs that database and Redis write; then the erasure is over."""
        if not await self.units.database.empty_log():
            return
        await self._rewrite()
        async with self.units.open() as unit:
            row = await unit.session.get(ErasureRow, token)
            if row is not None:
                await unit.session.delete(row)
        log.info("a customer is erased", token=token)

    async def _rewrite(self) -> None:
        """Have Redis write its file anew, where it keeps one and we may ask for it."""
        try:
            persistence: dict[str, Any] = await self.redis.info("persistence")
            if not persistence.get("aof_enabled"):
                return
            await self.redis.bgrewriteaof()
            async with asyncio.timeout(REWRITE_S):
                while True:
                    await asyncio.sleep(REWRITE_LOOK_S)
                    persistence = await self.redis.info("persistence")
                    if not persistence.get("aof_rewrite_in_progress") and not persistence.get("aof_rewrite_scheduled"):
                        return
        except (ResponseError, TimeoutError) as error:
            log.warning("Redis did not write its file anew: deleted values stay in it", error=type(error).__name__)


async def begin(
    unit: Unit, groups: Groups, texts: Texts, customer: CustomerRow, *, asked_by: int
) -> erasure.Begun | None:
    """Cut a customer off and enqueue what takes his topics away. None: it was begun before."""
    begun = await erasure.begin(unit.session, customer, asked_by=asked_by, now=unit.now)
    if begun is None:
        return None
    for group, thread in begun.topics:
        present = groups.present(group)
        call = DeleteForumTopic(chat_id=present, message_thread_id=thread)
        key = f"{erasure.KEY}{begun.token}:topic:{present}:{thread}"
        await unit.to_chat(call, present, key, priority=Priority.EDIT)
    if begun.was_open and begun.topics:
        # In General: what is said in his topic goes with it.
        group = groups.present(begun.topics[0][0])
        note = SendMessage(chat_id=group, text=texts("erased-while-open", token=begun.token))
        await unit.to_chat(note, group, f"{erasure.KEY}{begun.token}:general", priority=Priority.CARD)
    log.info("a customer is being erased", customer_id=customer.id, token=begun.token)
    return begun


def _is_of(key: str, turns: set[int], chat_id: int) -> bool:
    if key.endswith(f":{chat_id}"):
        return True
    found = _OF_TURN.search(key)
    return found is not None and int(found[1] or found[2]) in turns


def _turn_of(fields: dict[Any, Any]) -> int:
    value = fields.get(PAYLOAD_FIELD.encode(), fields.get(PAYLOAD_FIELD, "{}"))
    try:
        return int(json.loads(value).get("turn_id", 0))
    except ValueError:
        return 0


def _text(value: Any) -> str:  # noqa: ANN401  # bytes or str, as the client is set up
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
