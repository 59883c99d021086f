"""Keeps the classifier as administrators have taught it, in every process."""

import asyncio
import contextlib
from typing import Final

import structlog

from bot.unit import Unit
from support import learned_intents
from support.availability import UNAVAILABLE
from support.database import Database
from support.intents.current import CurrentClassifier

LOOK_S: Final = 10.0
"""So soon another process follows; the one where it was decided follows with the commit."""
log = structlog.get_logger()


class Learning:
    """Fits the classifier again, in a thread, whenever the added examples differ from those it knows."""

    def __init__(self, database: Database, classifier: CurrentClassifier) -> None:
        self.classifier = classifier
        self._database = database
        self._known = learned_intents.NO_VERSION
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Follow the table, until cancelled."""
        while True:
            self._changed.clear()
            try:
                await self.load()
            except UNAVAILABLE as error:
                log.debug("added examples cannot be read", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_S)

    async def load(self) -> None:
        """Learn what the table has, if that is news."""
        async with self._database.reading() as session:
            found = await learned_intents.version(session)
            if found == self._known:
                return
            added = [(row.intent, row.text) for row in await learned_intents.every(session)]
        await asyncio.to_thread(self.classifier.learn, added)
        self._known = found
        log.info("the classifier was fitted again", examples=len(added))

    def changed(self, unit: Unit) -> None:
        """Look as soon as this unit of work is committed."""
        unit.after_commit.append(self._changed.set)
