"""Calls checked against the Bot API's own schema, so that what Telegram would not understand is refused.

Stricter than Telegram in one point: a parameter that the method does not have is refused instead of being ignored.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import isfinite

from sandbox.telegram.errors import Json, bad_request
from sandbox.telegram.files import Upload

ARRAY = "Array of "
_BOOLEANS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


class SchemaError(ValueError):
    """A value does not fit; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a method, or one field of an object."""

    required: bool
    types: tuple[str, ...]
    constant: str | None


Fields = dict[str, Field]


@cache
def _document() -> Json:
    document: Json = json.loads((files("sandbox.telegram") / "schema.json").read_text("utf-8"))
    return document


def _fields(packed: dict[str, str]) -> Fields:
    result = {}
    for name, spec in packed.items():
        types, _, constant = spec.removeprefix("!").partition("=")
        result[name] = Field(spec.startswith("!"), tuple(types.split("|")), constant or None)
    return result


@cache
def method_fields(name: str) -> Fields:
    """Parameters of a method."""
    return _fields(_document()["methods"][name])


@cache
def _type(name: str) -> Fields:
    return _fields(_document()["types"][name])


@cache
def method_names() -> dict[str, str]:
    """Every method of the Bot API: lower-case name → its own spelling (Telegram ignores the case)."""
    return {name.lower(): name for name in _document()["methods"]}


def check(method: str, params: Json) -> Json:
    """Return the parameters in their proper types (form fields arrive as text).

    Raises:
        ApiError: a parameter is unknown, missing or of a wrong type.
    """
    try:
        return _check_fields(method_fields(method), params, f"method {method}")
    except SchemaError as error:
        raise bad_request(str(error)) from error


def _check_fields(fields: Fields, values: Json, where: str) -> Json:
    checked = {}
    for name, value in values.items():
        field = fields.get(name)
        if field is None:
            raise SchemaError(f'{where} has no parameter "{name}"')
        if value is not None:
            checked[name] = _check_value(field, value, name)
    for name, field in fields.items():
        if field.required and name not in checked:
            raise SchemaError(_missing(name, where))
    return checked


def _missing(name: str, where: str) -> str:
    match name:
        case "text" if where.startswith("method"):
            return "message text is empty"
        case "chat_id":
            return "chat_id is empty"
        case _:
            return f'parameter "{name}" of {where} is required'


def _check_value(field: Field, value: object, where: str) -> object:
    if field.types[0].startswith(ARRAY):
        return _check_array(field.types, value, where)
    error = SchemaError(f'parameter "{where}" must be {" or ".join(field.types)}')
    for name in field.types:
        try:
            converted = _scalar(name, value)
        except ValueError:
            continue
        if field.constant is not None and converted != field.constant:
            raise SchemaError(f'parameter "{where}" must be "{field.constant}"')
        return converted
    objects = [name for name in field.types if name in _document()["types"]]
    if not objects:
        raise error
    value = _parsed(value, where)
    if not isinstance(value, dict):
        raise error
    return _check_object(objects, value, where)


def _check_object(candidates: list[str], value: Json, where: str) -> object:
    """The candidate that shares most fields speaks for the object; a constant ``type`` decides at once."""
    best = max(candidates, key=lambda name: _likeness(_type(name), value))
    return _check_fields(_type(best), value, f"{best} in {where}")


def _likeness(fields: Fields, value: Json) -> int:
    score = 0
    for name, given in value.items():
        field = fields.get(name)
        if field is not None:
            score += 100 if field.constant == given else 1
    return score


def _check_array(types: tuple[str, ...], value: object, where: str) -> list[object]:
    value = _parsed(value, where)
    if not isinstance(value, list):
        raise SchemaError(f'parameter "{where}" must be {types[0]}')
    element = Field(required=True, types=tuple(name.removeprefix(ARRAY) for name in types), constant=None)
    return [_check_value(element, item, where) for item in value]


def _parsed(value: object, where: str) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise SchemaError(f'can\'t parse JSON in parameter "{where}"') from error


def _scalar(name: str, value: object) -> object:
    match name, value:
        case ("String" | "InputFile", str()) | ("InputFile", Upload()) | ("Boolean", bool()):
            return value
        case "Boolean", str() if value in _BOOLEANS:
            return _BOOLEANS[value]
        case (("Integer" | "Float" | "String"), bool()):
            pass
        case "Integer", (int() | str()):
            return int(value)
        case "Float", (int() | float() | str()):
            if isfinite(number := float(value)):
                return number
        case "String", int():
            return str(value)
    raise ValueError(name)
