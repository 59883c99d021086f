"""What stands between ``---`` lines at the top of an article: title, language, dates. A small part of YAML.

Lines are ``key: value``; comments, lists and nested lines of other programs are passed over.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from knowledge.documents import ALWAYS, Document, Reading, Section, SourceError, Validity
from knowledge.loaders.limits import MAX_HEADING_LETTERS
from knowledge.loaders.names import title_from
from knowledge.loaders.unreadable import UnreadableError

_FENCE = re.compile(r"---[ \t]*\n((?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_ENTRY = re.compile(r"([^\W\d][\w -]{0,40}?)[ \t]*:(?:[ \t]+(.*))?")
_OTHER = re.compile(r"[ \t]*(#.*|- .*|-|[ \t]+.*)?")
_COMMENT = re.compile(r"\s+#.*")
_MAX_LINES = 200

_KEYS = {
    "title": "title", "название": "title", "заголовок": "title",
    "language": "language", "lang": "language", "язык": "language",
    "valid-from": "start", "действует с": "start",
    "valid-until": "end", "valid-to": "end", "expires": "end", "действует до": "end", "действует по": "end",
    "date": "dated", "updated": "dated", "дата": "dated", "обновлено": "dated",
}  # fmt: skip
_LANGUAGES = {
    "ru": "ru", "rus": "ru", "ru-ru": "ru", "russian": "ru", "русский": "ru",
    "en": "en", "eng": "en", "en-us": "en", "en-gb": "en", "english": "en", "английский": "en",
}  # fmt: skip
_DATES = ("%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d")


Entries = Mapping[str, tuple[str, int | None]]
"""Known field → (value as written, 1-based line if there is one)."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What an article says about itself."""

    title: str | None = None
    language: str | None = None
    validity: Validity = ALWAYS
    problems: tuple[SourceError, ...] = ()


def split(text: str, source: str) -> tuple[FrontMatter, str]:
    """Return the front matter and the article after it. Text between rules that reads otherwise is left in place.

    Raises:
        UnreadableError: a date of validity cannot be read; such an article might answer on a day on which it is wrong.
    """
    fence = _FENCE.match(text)
    if fence is None:
        return FrontMatter(), text
    lines = fence[1].split("\n")
    if len(lines) > _MAX_LINES or not all(_ENTRY.fullmatch(line) or _OTHER.fullmatch(line) for line in lines):
        return FrontMatter(), text
    entries: dict[str, tuple[str, int | None]] = {}
    for number, line in enumerate(lines, start=2):
        if (entry := _ENTRY.fullmatch(line)) and (name := known_name(entry[1])):
            entries.setdefault(name, (_value(entry[2] or ""), number))
    problems: list[SourceError] = []
    front = FrontMatter(
        title=entries.get("title", ("", 0))[0][:MAX_HEADING_LETTERS].strip() or None,
        language=_language(entries, source, problems),
        validity=validity_of(entries, source, problems),
        problems=tuple(problems),
    )
    return front, text[fence.end() :]


def known_name(written: str) -> str | None:
    """Return the field that a key of front matter or a column of a table means: title, language, start, end, dated."""
    plain = " ".join(written.lower().replace("_", "-").split())
    return _KEYS.get(plain) or _KEYS.get(plain.replace(" ", "-")) or _KEYS.get(plain.replace("-", " "))


def parse_date(written: str) -> date:
    """Read ``2026-12-31``, also with a time after it, or ``31.12.2026``.

    Raises:
        ValueError: it is no such date; the message is a sentence.
    """
    day = re.split(r"[T ]", written.strip(), maxsplit=1)[0]
    for form in _DATES:
        try:
            return datetime.strptime(day, form).date()  # noqa: DTZ007  # a day, no moment
        except ValueError:
            continue
    raise ValueError(f"the date “{written.strip()[:40]}” is not understood: write it like 2026-12-31")


def parse_language(written: str) -> str | None:
    """Return ``ru`` or ``en``, None for any other."""
    return _LANGUAGES.get(written.strip().lower().replace("_", "-"))


def _value(written: str) -> str:
    written = written.strip()
    if written[:1] in {'"', "'"} and (closing := written.find(written[0], 1)) > 0:
        return written[1:closing].strip()
    return "" if written.startswith("#") else _COMMENT.sub("", written)


def _language(entries: Entries, source: str, problems: list[SourceError]) -> str | None:
    written, line = entries.get("language", ("", 0))
    language = parse_language(written)
    if written and language is None:
        reason = f"the language “{written[:40]}” is not known, only ru and en: each passage's own letters decide"
        problems.append(SourceError(source, line, reason, warning=True))
    return language


def validity_of(entries: Entries, source: str, problems: list[SourceError]) -> Validity:
    """Read the dates among ``entries``; one that only tells the age and cannot be read goes to ``problems``.

    Raises:
        UnreadableError: a day on which the article begins or ends to answer cannot be read.
    """
    days: dict[str, date] = {}
    for name in ("start", "end", "dated"):
        written, line = entries.get(name, ("", 0))
        if not written:
            continue
        try:
            days[name] = parse_date(written)
        except ValueError as error:
            if name != "dated":
                raise UnreadableError(str(error), line) from error
            problems.append(SourceError(source, line, str(error), warning=True))
    validity = Validity(days.get("start"), days.get("end"), days.get("dated"))
    if validity.start and validity.end and validity.end < validity.start:
        raise UnreadableError("ends before it begins: look at valid-from and valid-until", entries["end"][1])
    return validity


def reading_of(source: str, front: FrontMatter, title: str | None, sections: tuple[Section, ...]) -> Reading:
    """Return a document with what its front matter says of it; without a title it is called like its file."""
    document = Document(
        source,
        title or title_from(source),
        sections,
        titled=title is not None,
        language=front.language,
        validity=front.validity,
    )
    return Reading(document, front.problems)
