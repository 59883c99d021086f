"""Where a text sends people, in one normal form each: pages, mail, @names, phones, cards; and promotional codes."""

import re
from collections.abc import Iterable
from typing import Final

_URL: Final = re.compile(
    r"(?:https?://|www\.)[^\s<>\"»)\]]+|\b(?:[\w-]+\.)+(?:[a-z]{2,24}|рф)\b(?:/[^\s<>\"»)\]]*)?", re.IGNORECASE
)
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HANDLE: Final = re.compile(r"(?<![\w.])@\w{4,}")
_SCHEME: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s<>\"»)\]]+", re.IGNORECASE)
_IP: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
_LONG_NUMBER: Final = re.compile("(?<![\\w+])\\+?\\d(?:[ \u00a0\u2009\u202f()\u2010\u2011-]*\\d){9,}(?!\\w)")
"""Ten digits and more: phones, cards, accounts."""
CODE: Final = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-ZА-ЯЁ])[\w-]{3,}(?![\w-])|(?<![\w-])[A-Z]{5,}(?![\w-])")
"""An article number, a promotional code."""
_END: Final = ".,;:!?/'`*"
_PLACE_END: Final = re.compile(r"[/?#\\]")
_WEB: Final = re.compile(r"^(?:https?://)?(?:www\.)?")
_SENTENCE: Final = re.compile(r"[^\n]+?(?:[.!?…]+(?=\s|$)|\n|$)")
_PROMO: Final = re.compile(r"промо-?код|promo(?:tion|tional)?[- ]?code|купон|coupon|ваучер|voucher", re.IGNORECASE)
_CODE_WORD: Final = re.compile(r"\bкод(?:а|у|ом|е|ы)?\b|\bcodes?\b", re.IGNORECASE)
_GIVES: Final = re.compile(r"скидк|скидоч|бесплатн|бонус|подар|discount|free\b|\boff\b|bonus|gift", re.IGNORECASE)


def take_links(text: str) -> tuple[str, frozenset[str]]:
    """Return the text without pages, mail addresses and @names, and these."""
    found: set[str] = set()
    for sign, pattern in (("@", _EMAIL), (".", _URL), ("@", _HANDLE)):
        if sign not in text:
            continue
        found.update(_WEB.sub("", match[0].lower()).rstrip(_END) for match in pattern.finditer(text))
        text = pattern.sub(" ", text)
    return text, frozenset(found)


def addresses(text: str) -> frozenset[str]:
    """Return links, mail addresses, @names and numbers of ten digits and more."""
    found = {normal(one) for pattern in (_SCHEME, _IP, _LONG_NUMBER) for one in pattern.findall(text)}
    return frozenset(found | take_links(_SCHEME.sub(" ", text))[1])


def promotional_codes(text: str) -> frozenset[str]:
    """Return codes, in lower case, out of sentences that say what they are for."""
    if not (_PROMO.search(text) or (_CODE_WORD.search(text) and _GIVES.search(text))):
        return frozenset()
    found: set[str] = set()
    for match in _SENTENCE.finditer(text):
        sentence = match[0]
        if _PROMO.search(sentence) or (_CODE_WORD.search(sentence) and _GIVES.search(sentence)):
            found.update(code.lower() for code in CODE.findall(take_links(sentence)[0]))
    return frozenset(found)


def normal(text: str) -> str:
    """Return an address as it is compared: without scheme and ``www.``, a number as its digits."""
    if _LONG_NUMBER.fullmatch(text.strip()):
        digits = re.sub(r"\D", "", text)
        # In Russia 8 is dialled for +7.
        return "7" + digits[1:] if len(digits) == 11 and digits[0] == "8" else digits  # noqa: PLR2004  # a full number
    return _WEB.sub("", text.strip().lower()).rstrip(_END)


def host(address: str) -> str:
    """Return the host of a page or mail address; empty for what leads elsewhere than it seems."""
    place = _PLACE_END.split(address, maxsplit=1)[0]
    if "://" in address or address.startswith("@") or ("@" in place and place != address):
        return ""  # https://shop.example@evil.example leads to the latter
    return place.rpartition("@")[2].partition(":")[0]


def covers(entry: str, address: str) -> bool:
    """Whether a listed address speaks for another: ``shop.example`` for its pages, subdomains and mail addresses."""
    if entry == address:
        return True
    if "/" in entry:
        return address.startswith((f"{entry}/", f"{entry}?"))
    if "@" in entry:
        return False
    found = host(address)
    return bool(found) and (found == entry or found.endswith(f".{entry}"))


def unconfirmed(text: str, withheld: Iterable[str], shown: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what a text holds of addresses and codes that are ``withheld``, unless the list ``shown`` covers it."""
    held = frozenset(withheld)
    if not held:
        return ()
    words = frozenset(re.findall(r"[\w-]+", text.lower()))
    listed = tuple(normal(one) for one in shown)
    found = (addresses(text) | words) & held
    return tuple(sorted(one for one in found if not any(covers(entry, one) for entry in listed)))
