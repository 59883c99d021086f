"""The model's own chat template around texts that stay texts: rendered with marks in their places, then taken apart.

What the template writes is tokenised with control tokens, what people wrote without: a typed ``<|im_end|>`` is ten
letters to the model, not the end of a turn.
"""

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from jinja2 import TemplateError
from jinja2.exceptions import TemplateRuntimeError
from jinja2.ext import Extension, loopcontrols
from jinja2.nodes import Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workers.engines.llama.library import LlamaError, Model

_MARKS: Final = tuple(f"⟦{word}⟧" for word in ("rules", "task", "answer", "doubt"))
_CHATML: Final = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_CHATML_TOKENS: Final = ("<|im_start|>", "<|im_end|>")


class _Generation(Extension):
    """``{% generation %}``, with which templates mark the answer for training."""

    tags = {"generation"}  # noqa: RUF012  # jinja2's own way

    def parse(self, parser: Parser) -> list[Node]:
        """Return what stands between the tags."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


@dataclass(frozen=True, slots=True)
class Chat:
    """What the template writes before, between and after the texts, as tokens."""

    before_rules: tuple[int, ...]
    before_task: tuple[int, ...]
    before_answer: tuple[int, ...]
    before_doubt: tuple[int, ...]
    """Ends the answer and begins a further message of the user."""
    before_verdict: tuple[int, ...]


def read_chat(model: Model) -> Chat:
    """Try the model's template on a conversation.

    Raises:
        LlamaError: it has none, or one that cannot be used for support.
    """
    template = model.chat_template
    if template is None:
        if any(len(model.tokens(text, special=True)) != 1 for text in _CHATML_TOKENS):
            raise LlamaError("the model has no chat template: take one that was trained to follow instructions")
        template = _CHATML
    rules, task, answer, doubt = _MARKS
    first = [{"role": "system", "content": rules}, {"role": "user", "content": task}]
    try:
        first_text = _rendered(template, model, first)
    except LlamaError:
        # Some templates know no system: the rules stand before the task then.
        first = [{"role": "user", "content": f"{rules}\n\n{task}"}]
        first_text = _rendered(template, model, first)
    # Without the rules, which some templates move to the last message; what is wanted stands after the answer.
    again = [
        {"role": "user", "content": task},
        {"role": "assistant", "content": answer},
        {"role": "user", "content": doubt},
    ]
    before_rules, before_task, before_answer = _apart(first_text, [rules, task])
    *_, before_doubt, before_verdict = _apart(_rendered(template, model, again), [task, answer, doubt])
    beginning = _special(model, before_rules)
    if model.begin is not None and beginning[:1] != (model.begin,):
        beginning = (model.begin, *beginning)
    return Chat(
        before_rules=beginning,
        before_task=_special(model, before_task),
        before_answer=_special(model, before_answer),
        before_doubt=_special(model, before_doubt),
        before_verdict=_special(model, before_verdict),
    )


def _special(model: Model, text: str) -> tuple[int, ...]:
    return tuple(model.tokens(text, special=True)) if text else ()


def _apart(text: str, marks: Sequence[str]) -> list[str]:
    parts = []
    for mark in marks:
        before, found, text = text.partition(mark)
        if not found or mark in text:
            raise LlamaError("the model's chat template leaves messages out or repeats them")
        parts.append(before)
    return [*parts, text]


def _rendered(template: str, model: Model, messages: Sequence[Mapping[str, str]]) -> str:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
    )
    environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
    try:
        return environment.from_string(template).render(
            messages=messages,
            add_generation_prompt=True,
            # What hybrid thinkers ask: an answer for a customer who waits, without thinking aloud.
            enable_thinking=False,
            bos_token=model.written("beginning"),
            eos_token=model.written("end"),
            raise_exception=_refuse,
            strftime_now=lambda pattern: datetime.datetime.now(datetime.UTC).strftime(pattern),
        )
    except (TemplateError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise LlamaError(f"the model's chat template cannot be used ({type(error).__name__}: {error})") from error


def _refuse(message: str) -> NoReturn:
    raise TemplateRuntimeError(message)
