"""The company's own query for an order: one statement that only reads. Imports no database."""

import re
from typing import Final

PARAMETER: Final = ":number"
_COMMENT_OR_TEXT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
_PARAMETER = re.compile(r"(?<!:):number\b")
_FIRST_WORD = re.compile(r"\s*(\w+)")


def check(query: str) -> str:
    """Return the query without a semicolon at its end.

    Raises:
        ValueError: it is not exactly one SELECT statement with ``:number`` in it; the message says what to do.
    """
    bare = _COMMENT_OR_TEXT.sub(" ", query).strip()
    first = _FIRST_WORD.match(bare)
    if first is None or first.group(1).upper() not in {"SELECT", "WITH"}:
        raise ValueError("must be a SELECT statement: the company's database is only read")
    if ";" in bare.removesuffix(";"):
        raise ValueError("must be one statement")
    if not _PARAMETER.search(bare):
        raise ValueError(f"must hold {PARAMETER} where the order's number belongs, without quotes")
    return query.strip().removesuffix(";")
