"""«is typing …»: shown for five seconds, or until the bot has written."""

from collections.abc import Callable

from sandbox.telegram.errors import Json
from sandbox.telegram.events import EventStream

# Bot API, sendChatAction: the status is set for 5 seconds or less.
SHOWN_S = 5.0


class ChatActions:
    """What the bot is shown to do, by chat and topic."""

    def __init__(self, clock: Callable[[], float], events: EventStream) -> None:
        self._clock = clock
        self._events = events
        self._shown: dict[tuple[int, int | None], tuple[str, float]] = {}

    def start(self, chat_id: int, thread_id: int | None, action: str) -> None:
        """Show an action."""
        self._shown[chat_id, thread_id] = (action, self._clock() + SHOWN_S)
        self._events.publish("typing", chat_id=chat_id, thread_id=thread_id, action=action)

    def stop(self, chat_id: int, thread_id: int | None) -> None:
        """Show it no longer."""
        self._shown.pop((chat_id, thread_id), None)

    def shown(self) -> list[Json]:
        """Actions that are shown at the moment."""
        now = self._clock()
        return [
            {"chat_id": chat_id, "thread_id": thread_id, "action": action}
            for (chat_id, thread_id), (action, until) in self._shown.items()
            if until > now
        ]
