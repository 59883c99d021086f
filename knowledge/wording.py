"""How people are told where something stands."""

from knowledge.documents import SourceError


def place(error: SourceError) -> str:
    """Return file and line."""
    return error.file if error.line is None else f"{error.file}, line {error.line}"
