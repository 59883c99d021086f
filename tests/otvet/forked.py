"""``otvet COMMAND`` in a process of its own that need not import anything: it is forked from one that has."""

import contextlib
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path

from otvet.cli import main

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = ["bot.main", "evaluation.run", "otvet.cli", "otvet.logs", "support.schema", "tests.otvet.forked"]


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    returncode: int | None
    stdout: str
    stderr: str


def start_server() -> None:
    """Start the process that the commands are forked from, unless it runs."""
    forkserver.set_forkserver_preload(IMPORTED)
    with contextlib.chdir(ROOT):  # imports come from here, wherever the tests stand
        forkserver.ensure_running()


def run(arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], *, within_s: float = 180) -> Ended:
    """Run a command in a folder and wait for it."""
    start_server()
    with tempfile.TemporaryDirectory(prefix="otvet-") as place:
        out, err = Path(place, "out"), Path(place, "err")
        given = (arguments, folder, dict(environment), out, err)
        process = multiprocessing.get_context("forkserver").Process(target=_command, args=given)
        process.start()
        process.join(within_s)
        process.kill()
        process.join()
        return Ended(process.exitcode, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def _command(arguments: tuple[str, ...], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdout, sys.stderr = (path.open("w", encoding="utf-8") for path in (out, err))
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        os.dup2(stream.fileno(), number)
    sys.argv[:] = ["otvet", *arguments]
    main()
