"""A form that a model fills in: prompt, grammar and JSON schema from what is wanted, and the filled form read again.

The grammar is our own: llama-cpp-python's JSON grammar lets raw control characters into strings. Strings have no
escapes at all, so whatever it lets through is valid JSON.
"""

import json
from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError

from support.readings import Choice, Reading, ReadingRequest, Wanted
from workers.conversation import defused, filled, history
from workers.engines.base import EngineGarbageError, Form
from workers.promptbook import phrase, template

# Characters; what is longer is no order number, no address and no question that anybody would search for.
LONGEST: Final = {Wanted.ORDER_NUMBER: 40, Wanted.CONTACT: 80, Wanted.QUESTION: 200}
_KEYS_TOKENS: Final = 60
_TOKENS: Final = {Wanted.INTENT: 20, Wanted.ORDER_NUMBER: 40, Wanted.CONTACT: 60, Wanted.QUESTION: 120}
# Neither quotes nor backslashes nor control characters, C1 and the line separators included.
_CHARACTER: Final = r'[^"\\\x00-\x1F\x7F-\x9F\u2028\u2029]'


def form(request: ReadingRequest) -> Form:
    """Make the form for what is wanted of a message."""
    return Form(
        rules=template(request.language, "reading").strip(),
        task=_task(request),
        grammar=grammar(request.wanted, request.choices),
        schema=schema(request.wanted, request.choices),
        budget=_KEYS_TOKENS + sum(_TOKENS[one] for one in request.wanted),
    )


def read(request: ReadingRequest, text: str) -> Reading:
    """Read a filled form.

    Raises:
        EngineGarbageError: it is not the form that was asked for.
    """
    try:
        found = json.loads(text)
        if not isinstance(found, dict) or set(found) != set(request.wanted):
            raise EngineGarbageError("the model filled in another form than it was given")
        reading = Reading.model_validate({name: _usable(Wanted(name), value) for name, value in found.items()})
    except (ValueError, RecursionError, ValidationError) as error:
        raise EngineGarbageError("what the model filled in is no form") from error
    if reading.intent is not None and reading.intent not in {choice.name for choice in request.choices}:
        raise EngineGarbageError("the model chose what was not among the choices")
    return reading


def _usable(wanted: Wanted, value: object) -> object:
    """Return what was filled in, None if it is too long for a form or has broken characters in it."""
    if not isinstance(value, str):
        return value
    broken = len(value) > LONGEST.get(wanted, len(value)) or "\N{REPLACEMENT CHARACTER}" in value
    return None if broken else value


def grammar(wanted: Sequence[Wanted], choices: Sequence[Choice]) -> str:
    """Return GBNF for the form: one JSON object with exactly these keys, in this order, without white space."""
    pairs = ' "," '.join(f"{_literal(json.dumps(one.value) + ':')} {one.value.replace('_', '-')}" for one in wanted)
    rules = [f'root ::= "{{" {pairs} "}}"']
    for one in wanted:
        if one is Wanted.INTENT:
            options = (_literal(json.dumps(choice.name, ensure_ascii=False)) for choice in choices)
            rules.append(f"intent ::= {' | '.join((*options, _literal('null')))}")
        else:
            name = one.value.replace("_", "-")
            rules.append(f'{name} ::= "null" | "\\"" character{{1,{LONGEST[one]}}} "\\""')
    if any(one in LONGEST for one in wanted):
        rules.append(f"character ::= {_CHARACTER}")
    return "\n".join(rules) + "\n"


def schema(wanted: Sequence[Wanted], choices: Sequence[Choice]) -> dict[str, object]:
    """Return the JSON Schema of the form, in the part of the language that every server knows."""
    properties: dict[str, object] = {}
    for one in wanted:
        properties[one.value] = {"type": ["string", "null"]}
        if one is Wanted.INTENT:
            properties[one.value] = {"enum": [*(choice.name for choice in choices), None]}
    return {
        "type": "object",
        "properties": properties,
        "required": [one.value for one in wanted],
        "additionalProperties": False,
    }


def _task(request: ReadingRequest) -> str:
    language = request.language
    lines = [f"- {one.value}: {phrase(language, 'form', one.value)}" for one in request.wanted]
    if Wanted.INTENT in request.wanted:
        lines += [f"  - {choice.name}: {defused(choice.meaning)}" for choice in request.choices]
    places = {
        "history": history(request.history, language),
        "question": defused(request.text),
        "fields": "\n".join(lines),
    }
    return filled(template(language, "form"), places).strip()


def _literal(text: str) -> str:
    """Quote a text for GBNF."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character.isprintable() and character not in '"\\':
        return character
    return f"\\U{ord(character):08X}"
