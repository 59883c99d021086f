"""The prompts and phrases beside the worker, read once."""

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from support.jobs import Language

_FOLDER: Final = Path(__file__).parent / "prompts"


@cache
def phrase(language: Language, *keys: str) -> str:
    """Return a sentence of phrases.toml, e.g. ``phrase("ru", "criticism", "empty")``."""
    found: object = _phrases()[language]
    for key in keys:
        if not isinstance(found, dict):
            raise KeyError(keys)
        found = found[key]
    return str(found)


@cache
def template(language: Language, name: str) -> str:
    """Return a prompt file with its ``{places}``."""
    return (_FOLDER / language / f"{name}.md").read_text(encoding="utf-8")


@cache
def promises() -> dict[str, tuple[str, ...]]:
    """Return the beginnings of words of commitment by group."""
    groups = tomllib.loads((_FOLDER / "promises.toml").read_text(encoding="utf-8"))
    return {group: tuple(beginnings) for group, beginnings in groups.items()}


@cache
def version() -> str:
    """Name and hash of the prompt files: changes with any of them."""
    digest = hashlib.sha256()
    for path in sorted(_FOLDER.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(_FOLDER).as_posix().encode() + b"\0" + path.read_bytes())
    return f"prompts-{digest.hexdigest()[:8]}"


@cache
def _phrases() -> dict[str, object]:
    return tomllib.loads((_FOLDER / "phrases.toml").read_text(encoding="utf-8"))
