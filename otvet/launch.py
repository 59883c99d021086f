"""Starts a program that stops when its parent does, even by kill -9 (Linux).

Run as a script: ``python -I -S launch.py PARENT_PID PROGRAM [ARGUMENT …]``. It asks the kernel for SIGTERM on the
parent's death and becomes the program; the wish survives exec (prctl(2), PR_SET_PDEATHSIG). A script of its own
because code between fork and exec of a threaded parent may hang.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def command(program: list[str]) -> list[str]:
    """Return the command line that starts the program tied to this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *program]


def run(arguments: list[str]) -> None:
    """Tie this process to its parent and become the program."""
    parent = int(arguments[0])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent process is gone")
    os.execv(arguments[1], arguments[1:])  # noqa: S606  # no shell is wanted: the program is ours


if __name__ == "__main__":
    run(sys.argv[1:])
