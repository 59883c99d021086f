"""A refused call in a plainer form: better without a quote, a reply or formatting than not at all."""

from typing import Any, Final

ENTITIES: Final = ("can't parse entities", "entity", "entities")
QUOTE: Final = ("quote",)
REPLY: Final = ("message to be replied not found", "replied message not found", "reply message not found")
FORMATTING: Final = ("entities", "caption_entities", "parse_mode")


def without_what_was_refused(method: str, payload: dict[str, Any], reason: str) -> dict[str, Any] | None:
    """Return the call without what Telegram's refusal (lower case) speaks of; None when nothing can be left out.

    Each form lacks something that the one before had, so repeating this ends.
    """
    if any(word in reason for word in QUOTE) and "quote" in payload.get("reply_parameters", {}):
        reply = {name: value for name, value in payload["reply_parameters"].items() if not name.startswith("quote")}
        return {**payload, "reply_parameters": reply}
    if any(word in reason for word in ENTITIES) and any(name in payload for name in FORMATTING):
        return {name: value for name, value in payload.items() if name not in FORMATTING}
    if any(word in reason for word in ENTITIES) and method == "SendMediaGroup":
        return _album_without_formatting(payload)
    if any(word in reason for word in REPLY) and "reply_parameters" in payload:
        return {name: value for name, value in payload.items() if name != "reply_parameters"}
    return None


def _album_without_formatting(payload: dict[str, Any]) -> dict[str, Any] | None:
    media = [
        {name: value for name, value in item.items() if name not in FORMATTING} for item in payload.get("media", [])
    ]
    return None if media == payload.get("media") else {**payload, "media": media}
