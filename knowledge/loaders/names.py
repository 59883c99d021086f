"""Names of files: the title that one stands for, and which of them a person sees."""

from pathlib import PurePosixPath


def title_from(source: str) -> str:
    """Make a title of a file's name."""
    stem = PurePosixPath(source).stem
    return stem.replace("_", " ").replace("-", " ").strip().capitalize() or stem


def is_hidden(name: str) -> bool:
    """Say whether no person put it there: dot files, and what office programs and archivers leave behind."""
    return name.startswith((".", "~$")) or name.lower() in {"__macosx", "thumbs.db", "desktop.ini"}
