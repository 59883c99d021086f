"""Question–answer pairs from rows and JSON objects that name question and answer; dates and language are optional."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.documents import ALWAYS, Block, Document, Reading, Section, SourceError, Validity
from knowledge.loaders.front_matter import known_name, parse_date
from knowledge.loaders.limits import MAX_HEADING_LETTERS
from knowledge.loaders.names import title_from

QUESTION_NAMES = ("question", "вопрос", "q")
ANSWER_NAMES = ("answer", "ответ", "a")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table keeps its pairs."""

    question: int
    answer: int
    dates: Mapping[int, str]
    """Column → ``start``, ``end`` or ``dated``."""

    @classmethod
    def of(cls, header: Sequence[str]) -> "Columns | None":
        """Find the columns by their names, None if question or answer is not among them."""
        names = [name.strip().lower() for name in header]
        question = next((names.index(name) for name in QUESTION_NAMES if name in names), None)
        answer = next((names.index(name) for name in ANSWER_NAMES if name in names), None)
        if question is None or answer is None:
            return None
        dates = {column: field for column, name in enumerate(names) if (field := _date_name(name))}
        return cls(question, answer, dates)


@dataclass(slots=True)
class Pairs:
    """Takes pairs one by one; what is wrong with one is named, the others stay."""

    source: str
    sections: list[Section] = field(default_factory=list)
    problems: list[SourceError] = field(default_factory=list)

    def add_row(self, columns: Columns, row: Sequence[str], line: int) -> None:
        """Add a table's row, unless it is empty."""
        if any(cell.strip() for cell in row):
            cells = dict(enumerate(row))
            dates = {name: cells.get(column, "") for column, name in columns.dates.items()}
            self.add(cells.get(columns.question), cells.get(columns.answer), dates, line)

    def add_object(self, value: object, line: int | None, which: str = "") -> None:
        """Add a JSON object; ``which`` names it where it has no line of its own."""
        if not isinstance(value, dict):
            self.refuse(line, f"{which}is not a JSON object with question and answer")
            return
        named = {str(key).strip().lower(): entry for key, entry in value.items()}
        question = next((named[name] for name in QUESTION_NAMES if name in named), None)
        answer = next((named[name] for name in ANSWER_NAMES if name in named), None)
        dates = {name: entry for key, entry in named.items() if (name := _date_name(key)) and isinstance(entry, str)}
        self.add(question, answer, dates, line, which)

    def add(
        self, question: object, answer: object, dates: Mapping[str, str], line: int | None, which: str = ""
    ) -> None:
        """Add one pair if it is whole."""
        if not isinstance(question, str) or not question.strip():
            self.refuse(line, f"{which}has no question")
        elif not isinstance(answer, str) or not answer.strip():
            self.refuse(line, f"{which}has no answer")
        elif len(question.strip()) > MAX_HEADING_LETTERS:
            self.refuse(line, f"{which}has a question longer than {MAX_HEADING_LETTERS} letters: make it shorter")
        elif (validity := self._validity(dates, line, which)) is not None:
            self.sections.append(Section((), (Block(answer.strip()),), " ".join(question.split()), validity))

    def refuse(self, line: int | None, reason: str) -> None:
        """Name what is wrong."""
        self.problems.append(SourceError(self.source, line, reason))

    def reading(self) -> Reading:
        """Return the document that holds all pairs."""
        document = Document(self.source, title_from(self.source), tuple(self.sections))
        return Reading(document if self.sections else None, tuple(self.problems))

    def _validity(self, dates: Mapping[str, str], line: int | None, which: str) -> Validity | None:
        try:
            days = {name: parse_date(written) for name, written in dates.items() if written.strip()}
        except ValueError as error:
            self.refuse(line, f"{which}{error}")
            return None
        return Validity(days.get("start"), days.get("end"), days.get("dated")) if days else ALWAYS


def _date_name(written: str) -> str | None:
    name = known_name(written)
    return name if name in {"start", "end", "dated"} else None
