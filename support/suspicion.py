"""Messages that are addressed to a language model rather than to the company: nothing is generated from them."""

from typing import Final

from knowledge.injection import find
from knowledge.injection_model import bundled

THRESHOLD: Final = 0.8
"""Of 34,072 everyday messages of five collections, each scored by a model that had not seen its collection, 25 score
higher or break a rule."""


def suspicion(text: str) -> float:
    """Return 1 where a rule holds, else what the model makes of it, 0..1."""
    return 1.0 if find(text) else bundled().probability(text)


def is_to_a_model(text: str) -> bool:
    """Whether the message is kept from models; it is answered by code all the same, and a person can be called."""
    return suspicion(text) >= THRESHOLD
