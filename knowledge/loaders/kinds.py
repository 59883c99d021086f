"""Which kinds of files are articles, how large each may be, and what to do with those that are not."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath

from knowledge.documents import Reading
from knowledge.loaders.limits import MAX_BINARY_BYTES, MAX_TEXT_BYTES
from knowledge.loaders.unreadable import UnreadableError

Load = Callable[[bytes, str], Reading]
"""(the file's bytes, its path below the sources' folder) → reading; may raise UnreadableError."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file."""

    name: str
    module: str
    function: str
    max_bytes: int = MAX_TEXT_BYTES
    foreign: bool = False
    """Read by libraries in C or over intricate structures: in a process of its own, however small."""

    def load(self) -> Load:
        """Import the loader, with the library that it needs."""
        loaded: Load = getattr(import_module(f"knowledge.loaders.{self.module}"), self.function)
        return loaded


_MARKDOWN = Kind("Markdown", "text", "read_markdown")
_TEXT = Kind("text", "text", "read_plain")
_CSV = Kind("CSV", "csv_file", "read_csv")
_LINES = Kind("JSON lines", "json_file", "read_json_lines")
_HTML = Kind("HTML", "html_page", "read_html", foreign=True)
_XLSX = Kind("Excel", "xlsx", "read_xlsx", MAX_BINARY_BYTES, foreign=True)

KINDS = {
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".txt": _TEXT,
    ".csv": _CSV,
    ".tsv": _CSV,
    ".jsonl": _LINES,
    ".ndjson": _LINES,
    ".json": Kind("JSON", "json_file", "read_json"),
    ".html": _HTML,
    ".htm": _HTML,
    ".pdf": Kind("PDF", "pdf", "read_pdf", MAX_BINARY_BYTES, foreign=True),
    ".docx": Kind("Word", "docx_file", "read_docx", MAX_BINARY_BYTES, foreign=True),
    ".xlsx": _XLSX,
    ".xlsm": _XLSX,
}
KNOWN = ".md, .txt, .html, .pdf, .docx, .xlsx, .csv, .json, .jsonl"

_ADVICE = {
    (".doc", ".rtf", ".odt", ".pages"): "is a document of another program or an old Word: save it as .docx",
    (".xls", ".xlsb", ".ods", ".numbers"): "is a table of another program or an old Excel: save it as .xlsx",
    (".ppt", ".pptx", ".odp", ".key"): "is a presentation: save its text as .docx or .pdf",
    (
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".heic",
        ".bmp",
        ".tif",
        ".tiff",
    ): "is a picture: write down what it says",
    (".mhtml", ".mht", ".epub", ".xml"): "cannot be read: save it as .html or .docx",
    (".rar", ".7z", ".gz", ".tar", ".tgz"): "is an archive of another kind: make a .zip of it, or unpack it",
    (".zip",): "is a zip inside the knowledge folder: unpack it there, or send it to the bot",
}


def kind_of(source: str) -> Kind:
    """Return the kind by the ending of a path.

    Raises:
        UnreadableError: articles are of other kinds; the reason says what to do.
    """
    ending = PurePosixPath(source).suffix.lower()
    if kind := KINDS.get(ending):
        return kind
    for endings, advice in _ADVICE.items():
        if ending in endings:
            raise UnreadableError(advice)
    raise UnreadableError(f"unknown kind of file “{(ending or PurePosixPath(source).name)[:40]}”: articles are {KNOWN}")
