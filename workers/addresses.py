"""Where an answer may send a customer: with a list of the company's own addresses, nowhere else.

What an article says is believed, so somebody who can write into one could put his own page, phone or card number there.
No rule about words tells that from the company's; a list does (SHOWN_ADDRESSES).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from workers.facts import extract

_SCHEME: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s<>\"»)\]]+", re.IGNORECASE)
_IP: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_LONG_NUMBER: Final = re.compile("(?<![\\w+])\\+?\\d(?:[ \u00a0\u2009\u202f()\u2010\u2011-]*\\d){9,}(?!\\w)")
"""Ten digits and more: phones, cards, accounts."""
_PLACE_END: Final = re.compile(r"[/?#\\]")
_WEB: Final = re.compile(r"^(?:https?://)?(?:www\.)?")


def strange(text: str, shown: Iterable[str]) -> Iterator[str]:
    """Yield links, mail addresses, @names and long numbers that the list ``shown`` does not cover.

    ``shop.example`` covers its pages, subdomains and mail addresses; ``t.me/shop`` that page and those below it.
    """
    listed = tuple(_normal(one) for one in shown)
    found = {_normal(one) for pattern in (_SCHEME, _IP, _LONG_NUMBER) for one in pattern.findall(text)}
    found |= extract(_SCHEME.sub(" ", text)).links
    yield from sorted(one for one in found if not any(_covers(entry, one) for entry in listed))


def _normal(text: str) -> str:
    if _LONG_NUMBER.fullmatch(text.strip()):
        digits = re.sub(r"\D", "", text)
        # In Russia 8 is dialled for +7.
        return "7" + digits[1:] if len(digits) == 11 and digits[0] == "8" else digits  # noqa: PLR2004  # a full number
    return _WEB.sub("", text.strip().lower()).rstrip(".,;:!?/'")


def _covers(entry: str, address: str) -> bool:
    if entry == address:
        return True
    if "/" in entry:
        return address.startswith((f"{entry}/", f"{entry}?"))
    place = _PLACE_END.split(address, maxsplit=1)[0]
    if "@" in entry or "://" in address or ("@" in place and place != address):
        return False  # https://shop.example@evil.example leads to the latter
    host = place.rpartition("@")[2].partition(":")[0]
    return host == entry or host.endswith(f".{entry}")
