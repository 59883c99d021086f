"""What people's apps see live: a stream of events, one queue a listener, and nothing kept for nobody."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.telegram.errors import Json


class EventStream:
    """Broadcasts events to everyone who listens at the moment."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Json]] = set()

    @property
    def heard(self) -> bool:
        """Whether anybody listens: without listeners nothing needs to be built."""
        return bool(self._listeners)

    def publish(self, kind: str, **fields: object) -> None:
        """Send ``{type: kind, …fields}`` to every listener."""
        event = {"type": kind, **fields}
        for queue in self._listeners:
            queue.put_nowait(event)

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Json]]:
        """Events from now on."""
        queue: asyncio.Queue[Json] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)
