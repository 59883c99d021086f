"""Reads files one after another: small texts here, everything foreign or large in a process that may be killed."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from knowledge.documents import Reading, SourceError
from knowledge.loaders.kinds import kind_of
from knowledge.loaders.limits import READ_SECONDS, READER_BYTES
from knowledge.loaders.reading import read_file
from knowledge.loaders.unreadable import UnreadableError
from knowledge.loaders.wire import from_json

SMALL_BYTES = 16_000
"""A text of this size costs half a second at the very worst (unclosed comments in Markdown)."""

_IMPORTS = Path(__file__).resolve().parents[2]


class Reader:
    """Reads files until it is closed; its process starts with the first file that needs one."""

    def __init__(self, *, seconds: float = READ_SECONDS, memory: int = READER_BYTES) -> None:
        """Give each foreign file ``seconds`` and its process ``memory`` bytes."""
        self._limits = (seconds, memory)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, path: Path, source: str) -> Reading:
        """Read the file at ``path``; what is wrong with it is named in the reading."""
        try:
            foreign = kind_of(source).foreign or path.stat().st_size > SMALL_BYTES
        except UnreadableError as problem:
            return Reading(None, (SourceError(source, None, problem.reason),))
        except OSError as error:
            return Reading(None, (SourceError(source, None, f"cannot be read: {error.strerror}"),))
        return self._read_aside(path, source) if foreign else read_file(path, source)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _read_aside(self, path: Path, source: str) -> Reading:
        process = self._process or self._started()
        answer = _ask(process, json.dumps([str(path.resolve()), source]))
        try:
            return from_json(json.loads(answer))
        except (ValueError, KeyError, TypeError):
            ended = process.poll() if answer else process.wait()
            self.close()
        seconds, _ = self._limits
        reason = "cannot be read: the program that reads it broke down over it"
        if ended == -signal.SIGALRM:
            reason = f"takes longer than {seconds:g} seconds to read: split it, or save it again with another program"
        return Reading(None, (SourceError(source, None, reason),))

    def _started(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(  # noqa: S603  # our own module, no shell
            [sys.executable, "-P", "-m", "knowledge.loaders.child", *map(str, self._limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="ascii",
            # Nothing of this process's environment: it holds tokens.
            env={"PYTHONPATH": str(_IMPORTS)},
        )
        return self._process


def _ask(process: subprocess.Popen[str], line: str) -> str:
    """Return the answer's line, nothing if the process is gone."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the reader's process was started without pipes")
    try:
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        return process.stdout.readline()
    except OSError:
        return ""
