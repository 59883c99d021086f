"""Messages that are addressed to a language model rather than to the company: nothing is generated from them."""

from typing import Final

from knowledge.injection import find
from knowledge.injection_model import bundled

THRESHOLD: Final = 0.7
"""Of everyday messages from six collections 20 of 15,800 score higher."""


def suspicion(text: str) -> float:
    """Return 1 where a rule holds, else what the model makes of it, 0..1."""
    return 1.0 if find(text) else bundled().probability(text)


def is_to_a_model(text: str) -> bool:
    """Whether the message is kept from models; it is answered by code all the same, and a person can be called."""
    return suspicion(text) >= THRESHOLD
