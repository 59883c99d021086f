"""Where an answer may send a customer: with a list of the company's own addresses, nowhere else.

What an article says is believed, so somebody who can write into one could put his own page, phone or card number there.
No rule about words tells that from the company's; a list does (SHOWN_ADDRESSES), or an administrator who is asked about
what is new (knowledge.address_book).
"""

from collections.abc import Iterable, Iterator

from knowledge.addresses import addresses, covers, normal


def strange(text: str, shown: Iterable[str]) -> Iterator[str]:
    """Yield links, mail addresses, @names and long numbers that the list ``shown`` does not cover.

    ``shop.example`` covers its pages, subdomains and mail addresses; ``t.me/shop`` that page and those below it.
    """
    listed = tuple(normal(one) for one in shown)
    yield from sorted(one for one in addresses(text) if not any(covers(entry, one) for entry in listed))
