"""Follows the release that answers: at once when it is announced, soon when it is not."""

import asyncio
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from knowledge.current import CurrentKnowledge
from support.queue import RELEASES_CHANNEL

LOOK_S: Final = 1.0
log = structlog.get_logger()


class ReleaseFollower:
    """Loads a new release beside the questions that are being answered from the former one."""

    def __init__(self, redis: Redis, knowledge: CurrentKnowledge) -> None:
        self._redis = redis
        self._knowledge = knowledge
        self._stopping = False

    def stop(self) -> None:
        """Follow no further. Cancelling is not enough: redis-py swallows it while it connects."""
        self._stopping = True

    async def run(self) -> None:
        """Follow until stopped; without Redis the pointer is looked at all the same."""
        while not self._stopping:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(RELEASES_CHANNEL)
                    while not self._stopping:
                        await self.follow()
                        await channel.get_message(ignore_subscribe_messages=True, timeout=LOOK_S)
            except (RedisError, OSError) as error:
                log.debug("releases are not announced at the moment", error=type(error).__name__)
                await self.follow()
            if not self._stopping:
                await asyncio.sleep(LOOK_S)

    async def follow(self) -> None:
        """Load the release that the pointer names, if that is another one than before."""
        if self._knowledge.is_behind():
            await asyncio.to_thread(self._knowledge.refresh)
