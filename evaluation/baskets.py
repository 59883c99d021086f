"""Reading a basket: files to items, and a sentence for every mistake in them."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from evaluation.basket_items import (
    OWN_BASKET,
    ROUTES,
    Asked,
    Basket,
    BasketError,
    Customer,
    FollowUp,
    Item,
    OrderDialogue,
    Outcome,
    Question,
    Route,
    RoutingMessage,
    Step,
    Unanswerable,
)
from knowledge.language import detect
from support.jobs import Language

__all__ = [
    "OWN_BASKET", "ROUTES", "Asked", "Basket", "BasketError", "Customer", "FollowUp", "Item", "OrderDialogue",
    "Outcome", "Question", "Route", "RoutingMessage", "Step", "Unanswerable", "identity", "load", "load_items",
]  # fmt: skip

QUESTIONS: Final = "questions.jsonl"
KINDS: Final[Mapping[str, type[Item]]] = {
    QUESTIONS: Asked,
    "unanswerable.jsonl": Unanswerable,
    "routing.jsonl": RoutingMessage,
    "order_dialogues.jsonl": OrderDialogue,
    "followups.jsonl": FollowUp,
}
_TOLD: Final = 20
_WORDS: Final = ("question", "text", "then")
"""Fields that hold the customer's words: language and id are made from them where they are not given."""
_MADE: Final = ("id", "language")
_ID_LENGTH: Final = 10
ItemT = TypeVar("ItemT", bound=Item)


def load(path: Path = OWN_BASKET, *, with_drafts: bool = False) -> Basket:
    """Read and validate a basket: a folder, or one file of questions.

    Raises:
        BasketError: nothing can be read or measured, or a line is malformed.
    """
    items, digest = _items(_files(path))
    return _basket(path, items, digest, with_drafts=with_drafts)


def load_items(file: Path, kind: type[ItemT]) -> tuple[ItemT, ...]:
    """Read and validate one file of items of a kind.

    Raises:
        BasketError: it cannot be read or holds no items, or a line is malformed.
    """
    items, _ = _items([(file, kind)])
    return tuple(item for item in items if isinstance(item, kind))


def _items(files: Sequence[tuple[Path, type[Item]]]) -> tuple[list[Item], str]:
    """Return the files' items and their SHA-256 together."""
    whole = hashlib.sha256()
    mistakes: list[str] = []
    items: list[Item] = []
    seen: dict[str, str] = {}
    for file, kind in files:
        content = _read(file)
        whole.update(file.name.encode() + b"\0" + content.encode() + b"\0")
        found = 0
        for number, line in enumerate(content.split("\n"), start=1):
            if not line.strip():
                continue
            found += 1
            where = f"{file}, line {number}"
            parsed = _parse(line, kind)
            if isinstance(parsed, Item):
                if parsed.id in seen:
                    mistakes.append(
                        f"{where}: the id {parsed.id!r} occurs twice ({seen[parsed.id]}); every item needs its own"
                    )
                seen.setdefault(parsed.id, where)
                items.append(parsed)
            else:
                mistakes += [f"{where}: {mistake}" for mistake in parsed]
        if not found:
            mistakes.append(f"{file}: holds no items; write one JSON object a line, or take the file out")
    if mistakes:
        more = len(mistakes) - _TOLD
        raise BasketError("\n".join([*mistakes[:_TOLD], *([f"… and {more} more mistakes"] if more > 0 else [])]))
    return items, whole.hexdigest()


def identity(words: str) -> str:
    """Return the id of an item that has none of its own: the same for the same words."""
    return f"q-{hashlib.sha256(words.encode()).hexdigest()[:_ID_LENGTH]}"


def _files(path: Path) -> list[tuple[Path, type[Item]]]:
    if path.is_file():
        return [(path, Asked)]
    if not path.is_dir():
        raise BasketError(f"{path}: no such basket; name a folder with {QUESTIONS}, or one file in JSON Lines")
    files = [(path / name, kind) for name, kind in KINDS.items() if (path / name).exists()]
    if not files:
        raise BasketError(f"{path}: holds none of {', '.join(KINDS)}; a basket needs one of them")
    return files


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BasketError(f"{file}: cannot be read as UTF-8 text ({error.reason}); save it as UTF-8") from error
    except OSError as error:
        raise BasketError(f"{file}: cannot be read ({error.strerror})") from error


def _parse(line: str, kind: type[Item]) -> Item | list[str]:
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        return [f"not JSON: {error.msg} at character {error.pos}; every line is one object in braces"]
    except RecursionError:
        return ["not JSON that can be read: nested too deeply"]
    if not isinstance(fields, dict):
        return ["not an object; write {…} with the item's fields"]
    words = next((fields[name] for name in _WORDS if isinstance(fields.get(name), str)), "")
    if "language" not in fields and (language := detect(words)) in get_args(Language):
        fields["language"] = language
    if "id" not in fields and words:
        fields["id"] = identity(words)
    try:
        item = kind.model_validate(fields)
        if isinstance(item, Asked):
            item.items()
    except ValidationError as error:
        problems = list(_told(error.errors(include_url=False)))
        if not words and not kind.model_fields.keys().isdisjoint(_WORDS):
            problems = [one for one in problems if one["type"] != "missing" or one["loc"][-1] not in _MADE]
        return [_explained(problem, kind) for problem in problems]
    return item


def _told(problems: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """A value that fits none of several shapes is one mistake."""
    told: set[tuple[object, ...]] = set()
    for problem in problems:
        field = tuple(part for part in problem["loc"] if isinstance(part, int) or str(part)[:1].islower())
        field = tuple(
            part for part in field if part not in {"constrained-str", "tuple", "str"} and "[" not in str(part)
        )
        if field not in told:
            told.add(field)
            yield problem | {"loc": field}


def _explained(problem: ErrorDetails, kind: type[BaseModel]) -> str:
    place = problem["loc"]
    name = ".".join(str(part) for part in place)
    said = str(problem["ctx"]["error"]) if problem["type"] == "value_error" else problem["msg"]
    match problem["type"]:
        case "missing" if name == "language" and not kind.model_fields.keys().isdisjoint(_WORDS):
            said = 'the words do not tell it; add "language": "ru" or "language": "en"'
        case "missing":
            said = f'is missing; every item of this file needs "{place[-1]}"'
        case "extra_forbidden":
            known = list(kind.model_fields)
            meant = get_close_matches(str(place[-1]), known, n=1)
            said = "no such field; " + (f'did you mean "{meant[0]}"?' if meant else f"known: {', '.join(known)}")
        case "tuple_type":
            said = "must be a list of texts in square brackets"
        case "string_type":
            said = "must be a text in quotation marks"
    return f"{name}: {said}" if name else said


def _basket(path: Path, items: Sequence[Item], digest: str, *, with_drafts: bool) -> Basket:
    kept = [item for item in items if with_drafts or not item.draft]
    if not kept:
        raise BasketError(
            f'{path}: all {len(items)} items are drafts; look at each, put right what it expects, and take out "draft"'
        )
    every: list[Any] = [one for item in kept for one in (item.items() if isinstance(item, Asked) else (item,))]
    return Basket(
        questions=tuple(one for one in every if isinstance(one, Question)),
        unanswerable=tuple(one for one in every if isinstance(one, Unanswerable)),
        routing=tuple(one for one in every if isinstance(one, RoutingMessage)),
        order_dialogues=tuple(one for one in every if isinstance(one, OrderDialogue)),
        followups=tuple(one for one in every if isinstance(one, FollowUp)),
        left_out=len(items) - len(kept),
        digest=digest,
    )
