"""The process that reads foreign files: a hostile one can cost it memory and time, and its life, but nothing else.

A line of JSON ``[path, source]`` in, a line with the reading out, until the input ends. The kernel ends the process
when a file takes longer than the limit, also inside C code; whoever asked sees the pipe close.
"""

import json
import logging
import resource
import signal
import sys
import warnings
from pathlib import Path

from knowledge.documents import Reading, SourceError
from knowledge.loaders.kinds import kind_of
from knowledge.loaders.reading import read_file
from knowledge.loaders.wire import to_json


def main() -> None:
    """Serve until the input ends; arguments: seconds for one file, bytes of address space."""
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    if sys.platform == "linux":  # elsewhere the limit is not kept, or refused
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    logging.disable()
    warnings.simplefilter("ignore")
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        path, source = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        reading = _read(Path(path), source)
        answer = json.dumps(to_json(reading))
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(f"{answer}\n")
        answers.flush()


def _read(path: Path, source: str) -> Reading:
    try:
        return read_file(path, source)
    except MemoryError:
        reason = "needs too much memory: it is damaged or made to harm"
    except RecursionError:
        reason = "is nested too deeply"
    except Exception:  # noqa: BLE001  # the process's edge: libraries meet broken files with any exception
        reason = f"is damaged, or no {kind_of(source).name} file: open it in its own program and save it again"
    return Reading(None, (SourceError(source, None, reason),))


if __name__ == "__main__":
    main()
