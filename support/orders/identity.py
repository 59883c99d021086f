"""Who may hear about an order: proof by the phone or the e-mail that the order was placed with."""

import re
from dataclasses import dataclass
from typing import Self

from support.orders.models import Order

# ITU-T E.164: at most fifteen digits with the country code; Russian and North American numbers have ten without it.
_NATIONAL_DIGITS = 10
_MAX_DIGITS = 15
_RUSSIAN_DIGITS = 11
_MAX_COUNTRY_CODE = 3

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[\w-]{2,}")
_PHONE = re.compile(r"(?<![\w-])\+?\d(?:[ \t\u00a0().\-–—]{0,3}\d){9,14}(?!\w)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a customer offers as proof; normalised, at least one of the two."""

    phone: str = ""
    email: str = ""

    @classmethod
    def from_contact(cls, phone: str) -> Self:
        """Take the phone of the customer's own shared contact: Telegram gives it with the country code."""
        return cls(phone=normalize_phone(phone if phone.strip().startswith("+") else f"+{phone.strip()}"))


def normalize_phone(text: str) -> str:
    """Return the digits with the country code where it is known; ``""`` if they are too few or too many for a phone.

    ``8 916 …`` and ``+7 (916) …`` are the same number; ten digits stay ten.
    """
    stripped = text.strip()
    # \d would keep Arabic-Indic digits: people write them, orders do not.
    digits = "".join(character for character in stripped if character in "0123456789")
    if stripped.startswith("00"):
        return normalize_phone("+" + digits[2:])
    if not stripped.startswith("+"):
        if len(digits) == _RUSSIAN_DIGITS and digits.startswith("8"):
            digits = "7" + digits[1:]
        elif digits.startswith("0"):
            # The trunk prefix of most countries is left out behind the country code.
            digits = digits[1:]
    return digits if _NATIONAL_DIGITS <= len(digits) <= _MAX_DIGITS else ""


def normalize_email(text: str) -> str:
    """Return the address in one case without blanks around it; ``""`` if it is no address."""
    stripped = text.strip().casefold()
    return stripped if _EMAIL.fullmatch(stripped) else ""


def extract_evidence(text: str) -> Evidence | None:
    """Return the first phone and the first e-mail of a message, None without either.

    Only the first: a message with many of them must not be many tries.
    """
    email = _EMAIL.search(text)
    phone = _PHONE.search(_EMAIL.sub(" ", text))
    evidence = Evidence(
        phone=normalize_phone(phone.group()) if phone else "",
        email=normalize_email(email.group().rstrip(".")) if email else "",
    )
    return evidence if evidence.phone or evidence.email else None


def proves(order: Order | None, evidence: Evidence) -> bool:
    """Whether the evidence is the order's own phone or e-mail; a missing order is never proved."""
    if order is None:
        return False
    email = normalize_email(order.email)
    return _same_phone(normalize_phone(order.phone), evidence.phone) or bool(email and email == evidence.email)


def _same_phone(left: str, right: str) -> bool:
    """Whether two normalised phones are one; a country code may be missing from either, digits may not."""
    short, long = sorted((left, right), key=len)
    if not short:
        return False
    code = len(long) - len(short)
    return long == short or (len(short) == _NATIONAL_DIGITS and code <= _MAX_COUNTRY_CODE and long.endswith(short))
