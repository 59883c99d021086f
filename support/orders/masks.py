"""An order's personal fields, hidden as far as an operator needs no more than to recognise them."""

from dataclasses import replace

from support.orders.models import Order

_SHOWN_DIGITS = 4
_STARS = "***"


def phone(text: str) -> str:
    """``+7 916 123-45-67`` → ``*** 45-67``; a short number is hidden whole."""
    digits = "".join(character for character in text if character.isdecimal())
    if not digits:
        return ""
    if len(digits) < 2 * _SHOWN_DIGITS:
        return _STARS
    return f"{_STARS} {digits[-4:-2]}-{digits[-2:]}"


def email(text: str) -> str:
    """``anna@mail.ru`` → ``a***@mail.ru``."""
    local, at, domain = text.strip().rpartition("@")
    if not at:
        return _STARS if text.strip() else ""
    return f"{local[:1]}{_STARS}@{domain}"


def name(text: str) -> str:
    """``Анна Петрова`` → ``А*** П***``."""
    return " ".join(f"{word[0]}{_STARS}" for word in text.split())


def masked(order: Order) -> Order:
    """Return the order with its personal fields hidden."""
    return replace(order, customer_name=name(order.customer_name), phone=phone(order.phone), email=email(order.email))
