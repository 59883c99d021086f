"""Intents with their examples, read from ``intents.toml`` or the company's own file."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

BUNDLED_FILE = Path(__file__).with_name("intents.toml")
MIN_EXAMPLES = 3
_KEYS = frozenset({"route", "label_ru", "label_en", "ru", "en"})


class IntentsError(Exception):
    """The intents file cannot be used; the message names the table and key and says what to do."""


class Route(StrEnum):
    """What the bot does with a message."""

    QUESTION = "question"
    ORDER_STATUS = "order_status"
    OPERATOR = "operator"
    COMPLAINT = "complaint"
    GREETING = "greeting"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Intent:
    """One table of the intents file."""

    name: str
    route: Route
    label_ru: str
    label_en: str
    ru: tuple[str, ...]
    en: tuple[str, ...]

    @property
    def examples(self) -> tuple[str, ...]:
        """Examples of both languages."""
        return self.ru + self.en

    def label(self, language: Literal["ru", "en"]) -> str:
        """What a button that offers this intent says."""
        return self.label_ru if language == "ru" else self.label_en


def load_intents(path: Path | None = None) -> tuple[Intent, ...]:
    """Read and check the intents; the bundled file unless the company has its own.

    Raises:
        IntentsError: the file is missing, malformed, or a route has no intent.
    """
    file = path or BUNDLED_FILE
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise IntentsError(
            f"{file.name}: cannot be read ({error.strerror or 'no access'}). Check INTENTS_FILE."
        ) from error
    except UnicodeDecodeError as error:
        raise IntentsError(f"{file.name}: is not UTF-8 text. Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise IntentsError(f"{file.name}: is not valid TOML: {error}.") from error
    intents = tuple(_intent(file.name, name, table) for name, table in tables.items())
    missing = [route.value for route in Route if route not in {intent.route for intent in intents}]
    if missing:
        raise IntentsError(f"{file.name}: no table has the route {', '.join(missing)}. Every route needs one.")
    _refuse_contradictions(file.name, intents)
    return intents


def _intent(file: str, name: str, table: object) -> Intent:
    if not isinstance(table, dict):
        raise IntentsError(f"{file}: «{name}» stands outside any table. Put it below a line like [question].")
    where = f"{file}: table [{name}]"
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise IntentsError(f"{where} has the unknown key {unknown[0]}. Known keys: {', '.join(sorted(_KEYS))}.")
    try:
        route = Route(table.get("route", ""))
    except (ValueError, TypeError):
        raise IntentsError(f"{where}: route must be one of {', '.join(Route)}.") from None
    ru, en = _examples(where, "ru", table), _examples(where, "en", table)
    if len(ru) + len(en) < MIN_EXAMPLES:
        raise IntentsError(f"{where} needs at least {MIN_EXAMPLES} examples in ru and en together.")
    return Intent(name, route, _label(where, "label_ru", table), _label(where, "label_en", table), ru, en)


def _label(where: str, key: str, table: dict[str, object]) -> str:
    label = table.get(key)
    if not isinstance(label, str) or not label.strip():
        raise IntentsError(f"{where}: {key} must be a text: it stands on a button.")
    return label.strip()


def _examples(where: str, key: str, table: dict[str, object]) -> tuple[str, ...]:
    examples = table.get(key, [])
    if not isinstance(examples, list):
        raise IntentsError(f"{where}: {key} must be a list of texts in square brackets.")
    for number, example in enumerate(examples, start=1):
        if not isinstance(example, str) or not example.strip():
            raise IntentsError(f"{where}: example {number} of {key} must be a text that is not empty.")
    return tuple(example.strip() for example in examples)


def _refuse_contradictions(file: str, intents: tuple[Intent, ...]) -> None:
    seen: dict[str, str] = {}
    for intent in intents:
        for example in intent.examples:
            other = seen.setdefault(example.casefold(), intent.name)
            if other != intent.name:
                raise IntentsError(
                    f"{file}: «{example}» is an example of both [{other}] and [{intent.name}]. Keep one."
                )
