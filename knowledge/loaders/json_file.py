"""JSON and JSON lines with question–answer pairs."""

import json
from typing import Any

from knowledge.documents import Reading
from knowledge.loaders.encodings import decode
from knowledge.loaders.unreadable import UnreadableError
from knowledge.pairs import Pairs


def read_json_lines(raw: bytes, source: str) -> Reading:
    """Read one JSON object a line."""
    pairs = Pairs(source)
    # Not splitlines: JSON strings may hold U+2028 and its kin unescaped.
    for line, text in enumerate(decode(raw).split("\n"), start=1):
        if not text.strip():
            continue
        try:
            pairs.add_object(json.loads(text), line)
        except RecursionError:
            pairs.refuse(line, "is nested too deeply")
        except ValueError:
            pairs.refuse(line, "is not valid JSON")
    return pairs.reading()


def read_json(raw: bytes, source: str) -> Reading:
    """Read a list of objects, a list under one key, or an object that gives each question its answer.

    Raises:
        UnreadableError: it is not JSON, or neither of these.
    """
    try:
        value: Any = json.loads(decode(raw))
    except RecursionError as error:
        raise UnreadableError("is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise UnreadableError("is not valid JSON from here on", error.lineno) from error
    except ValueError as error:
        raise UnreadableError("is not valid JSON") from error
    pairs = Pairs(source)
    if isinstance(value, dict):
        lists = [entry for entry in value.values() if isinstance(entry, list)]
        if len(lists) == 1:
            value = lists[0]
        elif value and all(isinstance(answer, str) for answer in value.values()):
            value = [{"question": question, "answer": answer} for question, answer in value.items()]
    if not isinstance(value, list):
        raise UnreadableError("holds no list of objects with question and answer")
    for number, entry in enumerate(value, start=1):
        pairs.add_object(entry, None, f"entry {number} ")
    return pairs.reading()
