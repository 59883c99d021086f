"""The part of a message that a reply quotes (Bot API, TextQuote and ReplyParameters)."""

from collections.abc import Iterator, Sequence

from sandbox.telegram.entities import utf16_length
from sandbox.telegram.errors import Json

QUOTE_LIMIT = 1024
# Only these kinds of entities are kept in quotes.
KEPT = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji", "date_time"})


def find_quote(original: Json, text: str, entities: Sequence[Json] | None, position: int = 0) -> Json | None:
    """The quote nearest to ``position`` (UTF-16 units), or None when the message does not say that.

    With ``entities`` it must be formatted exactly so, as a bot's quote must; without, it takes the original's.
    """
    said = original.get("text") or original.get("caption") or ""
    if not 0 < utf16_length(text) <= QUOTE_LIMIT:
        return None
    formatted = original.get("entities") or original.get("caption_entities") or []
    length = utf16_length(text)
    wanted = None if entities is None else _comparable(entities)
    places = [(start, _inside(formatted, start, length)) for start in _places(said, text)]
    found = [place for place in places if wanted is None or wanted == _comparable(place[1])]
    if not found:
        return None
    start, within = min(found, key=lambda place: abs(place[0] - position))
    quote: Json = {"text": text, "position": start, "is_manual": True}
    return quote | ({"entities": within} if within else {})


def _places(said: str, text: str) -> Iterator[int]:
    units, wanted = said.encode("utf-16-le", "surrogatepass"), text.encode("utf-16-le", "surrogatepass")
    at = units.find(wanted)
    while at >= 0:
        if at % 2 == 0:
            yield at // 2
        at = units.find(wanted, at + 1)


def _inside(entities: Sequence[Json], start: int, length: int) -> list[Json]:
    """The kept entities of a stretch of text, counted from its beginning."""
    within = []
    for entity in entities:
        first = max(entity["offset"] - start, 0)
        last = min(entity["offset"] + entity["length"] - start, length)
        if entity["type"] in KEPT and last > first:
            within.append({**entity, "offset": first, "length": last - first})
    return within


def _comparable(entities: Sequence[Json]) -> frozenset[tuple[object, ...]]:
    kept = (entity for entity in entities if entity["type"] in KEPT)
    return frozenset(tuple(sorted((name, str(value)) for name, value in entity.items())) for entity in kept)
