"""The slots of one process: each an RQ worker in a thread of its own, signals and the watch in the main thread."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

import structlog

from workers.slot import Slot

STOPPED: Final = 0
STALLED: Final = 4
# A step of a model takes less than a second; the first ones after a start may have to wait for the disk.
STALL_S: Final = 60.0
# RQ's timeout is the deadline and a margin: whoever is still at work then hangs.
_OVERRUN_S: Final = 10.0
_LOOK_S: Final = 0.1
# Ctrl-C reaches a worker twice: from the terminal and from its supervisor.
_SAME_SIGNAL_S: Final = 1.0

_log = structlog.get_logger()


class Crew:
    """Runs slots until all have stopped. ``stalled_s``: seconds for which the engine has work and does none of it."""

    def __init__(
        self, slots: Sequence[Slot], *, stalled_s: Callable[[], float] = lambda: 0.0, stall_limit_s: float = STALL_S
    ) -> None:
        self._slots = slots
        self._stalled_s = stalled_s
        self._stall_limit_s = stall_limit_s
        self._stop_asked_at: float | None = None

    def serve(self, ready: Callable[[Slot], None]) -> int:
        """Work until asked to stop; return the process's exit status. ``ready``: at each registration of a slot.

        STOPPED: every job in hand was finished. STALLED: something hangs, and only a new process can help.
        """
        threads = [
            threading.Thread(target=slot.serve, args=(lambda slot=slot: ready(slot),), name=slot.name, daemon=True)
            for slot in self._slots
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(_LOOK_S)
            if reason := self._hanging():
                _log.error(reason + "; this process ends, its supervisor starts another")
                return STALLED
        return STOPPED

    def handle_signals(self) -> None:
        """Let SIGTERM and SIGINT stop the slots; call it in the main thread."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def _stop(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  # a signal handler's signature
        """Finish the jobs in hand, then leave; a second signal leaves at once."""
        if self._stop_asked_at is None:
            self._stop_asked_at = time.monotonic()
            for slot in self._slots:
                slot.request_stop()
        elif time.monotonic() - self._stop_asked_at > _SAME_SIGNAL_S:
            leave(128 + signum)

    def _hanging(self) -> str:
        if self._stalled_s() > self._stall_limit_s:
            return "the engine has work and makes no step"
        if any(slot.overrun_s() > _OVERRUN_S for slot in self._slots):
            return "a job hangs beyond its time"
        return ""


def leave(status: int) -> None:
    """End the process at once, whatever its threads are doing: their jobs' leases end within seconds."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
