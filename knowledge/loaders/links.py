"""Addresses behind words: shown, so that an answer can name them."""

_SHOWN = ("http://", "https://", "mailto:", "tel:", "tg:")


def with_address(words: str, address: str) -> str:
    """Return ``words (address)`` unless the words show it already or it leads nowhere outside."""
    shown = address.removeprefix("mailto:").removeprefix("tel:")
    return f"{words} ({shown})" if address.startswith(_SHOWN) and shown not in words else words
