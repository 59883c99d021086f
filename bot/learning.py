"""Keeps the classifier as administrators have taught it, and as the sentence model allows, in every process."""

import asyncio
import contextlib
from typing import Final

import structlog

from bot.foresight import Foresight
from bot.unit import Unit
from support import learned_intents
from support.availability import UNAVAILABLE
from support.database import Database
from support.intents.current import CurrentClassifier

LOOK_S: Final = 10.0
"""So soon another process follows; the one where it was decided follows with the commit."""
log = structlog.get_logger()


class Learning:
    """Fits the classifier again, in a thread, whenever the added examples or the sentence model are others."""

    def __init__(self, database: Database, classifier: CurrentClassifier, foresight: Foresight) -> None:
        self.classifier = classifier
        self._database = database
        self._foresight = foresight
        self._meant: str | None = None
        """Revision of the sentence model with which the present examples were learned."""
        self._known: learned_intents.Version = ()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Follow the table, until cancelled."""
        while True:
            self._changed.clear()
            try:
                await self.load()
                await self.load_meaning()
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
        self._known, self._meant = found, None
        log.info("the classifier was fitted again", examples=len(added))

    async def load_meaning(self) -> None:
        """Learn the same examples with vectors, if there is a sentence model that has not been asked for them."""
        revision = self._foresight.revision
        if revision is None or revision == self._meant:
            return
        found = await self._foresight.examples(self.classifier.examples)
        if found is None:
            return
        await asyncio.to_thread(self.classifier.learn_meaning, *found)
        self._meant = found[0]
        log.info("the classifier was fitted with sentence vectors", model=found[0])

    def changed(self, unit: Unit) -> None:
        """Look as soon as this unit of work is committed."""
        unit.after_commit.append(self._changed.set)
