"""Masking: what is about a person is hidden where nobody needs it, and stays recognisable (docs/adr/0024).

``mask("Я Анна Петрова, +7 916 123-45-67, заказ KD-10412")`` gives ``Я А*** П***, +7 *** ***-45-67, заказ KD-10412``.
Used for cards, logs, prompts and stored drafts; never for what customer and operator write to each other, for the proof
of identity, or for passages of the knowledge base: the company's own phone is an answer.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from support.masking.addresses import addresses
from support.masking.contacts import documents, emails, money, phones
from support.masking.names import names
from support.masking.spans import DOTS, STARS, Span, kept_apart
from support.orders.numbers import number_spans

_REMEMBERED: Final = 256
_MOST_PASSES: Final = 8


def mask(text: str, *, known: Iterable[str] = (), contacts: bool = True) -> str:
    """Hide phones, e-mails, cards, documents, addresses and names; order numbers stay readable. Idempotent.

    What stands in one of the ``known`` texts (the company's own) stays as it is; ``contacts=False`` leaves phones and
    e-mails, for who has to read them out of a message.
    """
    kept = tuple(known)
    # Of two pieces that overlap the first is hidden; what is left of the other one may be a piece of its own.
    for _ in range(_MOST_PASSES):
        masked = _once(text, kept, contacts=contacts)
        if masked == text:
            break
        text = masked
    return text


def _once(text: str, kept: tuple[str, ...], *, contacts: bool) -> str:
    spans = [span for span in found(text, contacts) if not any(text[span.start : span.end] in one for one in kept)]
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], span.shown]
        at = span.end
    return "".join((*parts, text[at:]))


def is_masked(text: str) -> bool:
    """Whether something in the text has been hidden."""
    return STARS in text or DOTS in text


def forget_masked() -> None:
    """Drop what was masked lately from memory."""
    found.cache_clear()


@lru_cache(maxsize=_REMEMBERED)
def found(text: str, contacts: bool = True) -> tuple[Span, ...]:
    """Return what is to be hidden, in the order of the text; remembered for a while."""
    orders = [Span(start, end, "") for start, end in number_spans(text)]
    numbers = [*money(text), *(phones(text) if contacts else ())]
    # Written in groups it is no order's number, whatever stands before; a document is named as such.
    outside = [span for span in numbers if not any(span.is_within(order) for order in orders)]
    taken = kept_apart([*(emails(text) if contacts else ()), *documents(text), *outside, *addresses(text)])
    return tuple(sorted(kept_apart([*taken, *names(text, taken)]), key=lambda span: span.start))
