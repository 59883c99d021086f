"""Files that administrators send: downloaded, examined, stored after a confirmation, and taken back on request.

What is known about them lies in the audit table and in ``DATA_DIR/received/<batch>/``: a restart loses nothing.
"""

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.methods import SendMessage
from aiogram.types import Document
from sqlalchemy import select

from bot import knowledge_buttons as buttons
from bot.knowledge_admin import FILES, KnowledgeAdmin, Place, Said, detail_of
from bot.unit import Unit, Units
from knowledge import intake
from knowledge.errors import IntakeError
from knowledge.intake import Intake
from support.availability import is_unavailable
from support.deliveries import Priority
from support.tables import AuditRow
from support.transport_tables import DeliveryRow

RECEIVED: Final = "kb_received"
"""The audit's action for a file that an administrator has sent."""
MOST_BYTES: Final = 20 * 1024 * 1024
"""Bot API, getFile: bots can download files of up to 20 MB."""
ALBUM_S: Final = 1.5
"""Files that are sent together arrive one by one; they are asked about together."""
DOWNLOAD_S: Final = 120
KEPT: Final = timedelta(days=7)
"""So long received files wait for the button, and the former ones for being put back."""
RECALLED: Final = timedelta(hours=24)
_UNDO: Final = "undo"
_EXAMINED: Final = "examined.json"
_STORED: Final = "stored.json"
_TRIES: Final = 3
log = structlog.get_logger()


@dataclass(slots=True)
class ReceivedFiles:
    """Files on their way from a chat into the knowledge folder."""

    bot: Bot
    units: Units
    knowledge: KnowledgeAdmin
    folder: Path
    """The knowledge folder."""
    store: Path
    """Where received files wait."""
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _clock: Callable[[], float] = time.time

    def receive(self, unit: Unit, place: Place, message_id: int, document: Document, album: str | None) -> None:
        """Remember a file; it is downloaded after the commit, and its sender is asked."""
        batch = f"{abs(place.chat_id)}-{album or message_id}"
        detail = detail_of(
            place, batch=batch, file_id=document.file_id, name=document.file_name or "file", message_id=message_id
        )
        unit.session.add(AuditRow(at=unit.now, actor_id=place.actor_id, action=RECEIVED, detail=detail))
        unit.after_commit.append(lambda: self._soon(batch, ALBUM_S if album else 0.0))

    async def run(self) -> None:
        """Go on with what the process before has left undone, and forget what nobody asks for any more."""
        while True:
            try:
                for batch in await self._unasked():
                    self._soon(batch, 0.0)
                await asyncio.to_thread(self._clean)
            except Exception as error:
                # The edge of a loop that must not end.
                if not is_unavailable(error):
                    log.exception("received files could not be looked through")
            await asyncio.sleep(3600)

    async def add(self, unit: Unit, place: Place, batch: str) -> Said:
        """Make articles of a batch and order a build."""
        home = self.store / batch
        if not _is_name(batch) or not (home / _EXAMINED).is_file():
            return Said(self.knowledge.texts("kb-doc-gone"), buttons.none(), instead=True)
        if (home / _STORED).exists():
            return Said(self.knowledge.texts("kb-doc-done"), buttons.none(), instead=True)
        try:
            found = await asyncio.to_thread(self._store, home)
        except IntakeError as error:
            return Said(
                self.knowledge.texts("kb-doc-failed", reason=self.knowledge.words.reason(error)),
                buttons.none(),
                instead=True,
            )
        named = ", ".join(found.stored[:3]) + (" …" if len(found.stored) > 3 else "")  # noqa: PLR2004  # a line's worth
        detail = {"batch": batch, "stored": list(found.stored), "replaced": list(found.replaced)}
        unit.session.add(AuditRow(at=unit.now, actor_id=place.actor_id, action="kb_add", detail=detail))
        await self.knowledge.reload(unit, place, f"{FILES}{batch}", named)
        return Said(self.knowledge.words.intake(found, "kb-doc-stored"), buttons.none(), instead=True)

    async def drop(self, unit: Unit, place: Place, batch: str) -> Said:
        """Forget a batch that nobody wants."""
        home = self.store / batch
        if not _is_name(batch) or (home / _STORED).exists():
            return Said(self.knowledge.texts("kb-doc-done"), buttons.none(), instead=True)
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
        unit.session.add(AuditRow(at=unit.now, actor_id=place.actor_id, action="kb_drop", detail={"batch": batch}))
        return Said(self.knowledge.texts("kb-cancelled"), buttons.none(), instead=True)

    async def undo(self, unit: Unit, place: Place, batch: str, request_id: str) -> Said | None:
        """Put back what a batch has replaced and order a build; None: the build's message says enough."""
        home = self.store / batch
        if not _is_name(batch) or not (home / _UNDO).is_dir():
            return Said(self.knowledge.texts("kb-undo-gone"))
        try:
            restored = await asyncio.to_thread(intake.undo, home / _UNDO, self.folder)
        except IntakeError as error:
            return Said(self.knowledge.texts("kb-undo-failed", reason=self.knowledge.words.reason(error)))
        detail = {"batch": batch, "restored": list(restored)}
        unit.session.add(AuditRow(at=unit.now, actor_id=place.actor_id, action="kb_undo", detail=detail))
        await self.knowledge.reload(unit, place, request_id, self.knowledge.texts("kb-undo-reason"))
        return None

    async def stop(self) -> None:
        """End what is under way; the next process takes it up again."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _soon(self, batch: str, wait_s: float) -> None:
        if (former := self._tasks.get(batch)) is not None:
            former.cancel()
        self._tasks[batch] = task = asyncio.create_task(self._ask(batch, wait_s))
        task.add_done_callback(lambda done: self._tasks.pop(batch) if self._tasks.get(batch) is done else None)

    async def _ask(self, batch: str, wait_s: float) -> None:
        """Download a batch and ask its sender what to do with it."""
        await asyncio.sleep(wait_s)
        try:
            rows = await self._rows(batch)
            found = await self._download(batch, rows)
            said = self._question(batch, found)
            detail = rows[0].detail
            async with self.units.open() as unit:
                message = SendMessage(
                    chat_id=detail["chat_id"],
                    text=said.text,
                    message_thread_id=detail["thread_id"],
                    reply_markup=said.markup,
                )
                await unit.to_chat(message, detail["chat_id"], _key(batch), priority=Priority.CARD)
        except Exception:
            # The edge of a task that nobody awaits; the hourly look takes the batch up again.
            log.exception("received files could not be examined", batch=batch)

    def _question(self, batch: str, found: Intake | str) -> Said:
        if isinstance(found, str):
            shutil.rmtree(self.store / batch, ignore_errors=True)
            return Said(self.knowledge.texts("kb-doc-failed", reason=self.knowledge.words.reason(found)))
        if not found.stored:
            shutil.rmtree(self.store / batch, ignore_errors=True)
            return Said(self.knowledge.words.intake(found, "kb-doc-nothing"))
        markup = buttons.confirm_files(self.knowledge.texts, batch)
        return Said(self.knowledge.words.intake(found, "kb-doc-ask"), markup)

    async def _download(self, batch: str, rows: list[AuditRow]) -> Intake | str:
        """Fetch the files of a batch and examine them; a sentence when that cannot be."""
        home = self.store / batch
        home.mkdir(parents=True, exist_ok=True)
        names = {}
        for number, row in enumerate(rows):
            names[str(number)] = row.detail["name"]
            if not await self._fetch(row.detail["file_id"], home / str(number)):
                return self.knowledge.texts("kb-doc-not-downloaded", name=row.detail["name"])
        (home / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")
        try:
            return await asyncio.to_thread(self._examine, home)
        except IntakeError as error:
            return str(error)

    async def _fetch(self, file_id: str, target: Path) -> bool:
        for attempt in range(1, _TRIES + 1):
            try:
                await self.bot.download(file_id, target, timeout=DOWNLOAD_S)
            except (AiogramError, OSError, TimeoutError) as error:
                log.warning("a file could not be downloaded", attempt=attempt, error=type(error).__name__)
                await asyncio.sleep(attempt)
            else:
                return True
        return False

    def _examine(self, home: Path) -> Intake:
        found = {number: intake.examine(home / number, name, self.folder) for number, name in _names(home)}
        known = {number: asdict(one) for number, one in found.items()}
        (home / _EXAMINED).write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
        return _together(list(found.values()))

    def _store(self, home: Path) -> Intake:
        # Called inside a transaction: nothing is read once more that was read before the question.
        known = json.loads((home / _EXAMINED).read_text(encoding="utf-8"))
        found = _together(
            [
                intake.store(home / number, name, self.folder, home / _UNDO, examined=_intake(known[number]))
                for number, name in _names(home)
            ]
        )
        (home / _STORED).write_text(json.dumps(asdict(found), ensure_ascii=False), encoding="utf-8")
        return found

    async def _rows(self, batch: str) -> list[AuditRow]:
        since = self.units.clock() - RECALLED
        query = select(AuditRow).where(AuditRow.action == RECEIVED, AuditRow.at > since).order_by(AuditRow.id)
        async with self.units.database.reading() as session:
            return [row for row in await session.scalars(query) if row.detail["batch"] == batch]

    async def _unasked(self) -> list[str]:
        """Return the batches that arrived and whose sender has not been asked."""
        since = self.units.clock() - RECALLED
        async with self.units.database.reading() as session:
            rows = await session.scalars(select(AuditRow).where(AuditRow.action == RECEIVED, AuditRow.at > since))
            batches = list(dict.fromkeys(row.detail["batch"] for row in rows))
            keys = [_key(batch) for batch in batches]
            asked = set(await session.scalars(select(DeliveryRow.key).where(DeliveryRow.key.in_(keys))))
        return [batch for batch in batches if _key(batch) not in asked]

    def _clean(self) -> None:
        if not self.store.is_dir():
            return
        for home in self.store.iterdir():
            if self._clock() - home.stat().st_mtime > KEPT.total_seconds():
                shutil.rmtree(home, ignore_errors=True)


def _names(home: Path) -> list[tuple[str, str]]:
    names: dict[str, str] = json.loads((home / "names.json").read_text(encoding="utf-8"))
    return list(names.items())


def _together(found: list[Intake]) -> Intake:
    return Intake(
        stored=tuple(dict.fromkeys(name for one in found for name in one.stored)),
        replaced=tuple(dict.fromkeys(name for one in found for name in one.replaced)),
        unchanged=tuple(dict.fromkeys(name for one in found for name in one.unchanged)),
        refused=tuple(refusal for one in found for refusal in one.refused),
    )


def _intake(fields: dict[str, Any]) -> Intake:
    """Read what ``asdict`` made of it and JSON kept."""
    paths = {name: tuple(fields[name]) for name in ("stored", "replaced", "unchanged")}
    return Intake(**paths, refused=tuple((name, reason) for name, reason in fields["refused"]))


def _is_name(batch: str) -> bool:
    """Whether it is a batch's name: digits and a dash, no path."""
    return batch.replace("-", "").isalnum()


def _key(batch: str) -> str:
    return f"kb-batch:{batch}"
