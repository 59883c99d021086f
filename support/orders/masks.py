"""An order's personal fields, hidden as far as an operator needs no more than to recognise them.

``support.masking`` finds such things in a text; here a whole field is known to be one, whatever it looks like.
"""

from dataclasses import replace

from support.masking import is_masked, mask
from support.masking.spans import STARS
from support.orders.models import Order


def phone(text: str) -> str:
    """``+7 916 123-45-67`` → ``+7 *** ***-45-67``; what is no phone is hidden whole."""
    return _hidden(text)


def email(text: str) -> str:
    """``anna@mail.ru`` → ``a***@mail.ru``; what is no address is hidden whole."""
    return _hidden(text)


def name(text: str) -> str:
    """``Анна Петрова`` → ``А*** П***``: every word, for there are names that no dictionary knows."""
    return " ".join(f"{word[0]}{STARS}" for word in text.split())


def masked(order: Order) -> Order:
    """Return the order with its personal fields hidden."""
    return replace(order, customer_name=name(order.customer_name), phone=phone(order.phone), email=email(order.email))


def _hidden(text: str) -> str:
    shown = mask(text)
    return shown if is_masked(shown) or not text.strip() else STARS
