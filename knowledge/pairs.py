"""Question–answer files: CSV with the columns ``question,answer`` and JSON lines with the same keys."""

import csv
import io
import json
from dataclasses import dataclass

Problems = tuple[tuple[int, str], ...]
"""(1-based line, reason) of every row that was left out."""

_QUESTION_COLUMNS = ("question", "вопрос")
_ANSWER_COLUMNS = ("answer", "ответ")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question with its answer."""

    question: str
    answer: str


def read_csv(text: str) -> tuple[tuple[Pair, ...], Problems]:
    """Read rows under a header that names question and answer; the separator is a comma, semicolon or tab."""
    header_line = text.split("\n", 1)[0]
    separator = max(",;\t", key=header_line.count)
    rows = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    pairs: list[Pair] = []
    problems: list[tuple[int, str]] = []
    columns: tuple[int, int] | None = None
    line = 1
    try:
        for row in rows:
            if columns is None:
                columns = _columns(row)
                if columns is None:
                    return (), ((1, "the first line must name the columns question and answer"),)
            elif any(cell.strip() for cell in row):
                cells = [row[column] if column < len(row) else "" for column in columns]
                _add(cells[0], cells[1], line, pairs, problems)
            line = rows.line_num + 1
    except csv.Error as error:
        problems.append((line, f"is not valid CSV from here on: {error}"))
    return tuple(pairs), tuple(problems)


def read_jsonl(text: str) -> tuple[tuple[Pair, ...], Problems]:
    """Read one JSON object a line."""
    pairs: list[Pair] = []
    problems: list[tuple[int, str]] = []
    # Not splitlines: JSON strings may hold U+2028 and its kin unescaped.
    for line, raw in enumerate(text.split("\n"), start=1):
        if not raw.strip():
            continue
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            problems.append((line, "is not valid JSON"))
            continue
        if not isinstance(value, dict):
            problems.append((line, "is not a JSON object with question and answer"))
            continue
        _add(value.get("question"), value.get("answer"), line, pairs, problems)
    return tuple(pairs), tuple(problems)


def _columns(header: list[str]) -> tuple[int, int] | None:
    names = [name.strip().lower() for name in header]
    question = next((names.index(name) for name in _QUESTION_COLUMNS if name in names), None)
    answer = next((names.index(name) for name in _ANSWER_COLUMNS if name in names), None)
    return None if question is None or answer is None else (question, answer)


def _add(question: object, answer: object, line: int, pairs: list[Pair], problems: list[tuple[int, str]]) -> None:
    if not isinstance(question, str) or not question.strip():
        problems.append((line, "has no question"))
    elif not isinstance(answer, str) or not answer.strip():
        problems.append((line, "has no answer"))
    else:
        pairs.append(Pair(question.strip(), answer.strip()))
