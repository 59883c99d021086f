"""Sending what is neither text nor a file: places, contacts, dice, polls."""

from collections.abc import Sequence

from sandbox.telegram.calls import Call, Method, send
from sandbox.telegram.entities import format_text, utf16_length
from sandbox.telegram.errors import Json, bad_request
from sandbox.telegram.state import World

# Bot API, Dice: how many values each emoji has.
DICE_VALUES = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}
QUESTION_LIMIT = 300
OPTION_LIMIT = 100
OPTION_COUNTS = range(2, 13)
_CONTACT = ("phone_number", "first_name", "last_name", "vcard")
_VENUE = ("title", "address", "foursquare_id", "foursquare_type", "google_place_id", "google_place_type")

_USUAL: Json = {
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}


def send_location(world: World, call: Call) -> Json:
    """Send a point on the map."""
    return send(world, call, {"location": {"latitude": call.get("latitude"), "longitude": call.get("longitude")}})


def send_venue(world: World, call: Call) -> Json:
    """Send a place with a name and an address."""
    named = {name: call.get(name) for name in _VENUE if call.get(name)}
    return send(world, call, venue(call.get("latitude"), call.get("longitude"), named))


def send_contact(world: World, call: Call) -> Json:
    """Send a phone number with a name."""
    return send(world, call, {"contact": {name: call.get(name) for name in _CONTACT if call.get(name)}})


def send_dice(world: World, call: Call) -> Json:
    """Throw a die, or another of Telegram's emoji with a value."""
    return send(world, call, dice(world, call.get("emoji") or "🎲"))


def send_poll(world: World, call: Call) -> Json:
    """Ask a question with answers to choose from; nobody votes here."""
    options = [option if isinstance(option, str) else option["text"] for option in call.get("options")]
    question, _ = format_text(call.get("question"), call.get("question_parse_mode"), call.get("question_entities"))
    if call.get("type", "regular") not in {"regular", "quiz"}:
        raise bad_request("wrong poll type specified")
    given = {name: call.get(name) for name in _USUAL if call.get(name) is not None}
    return send(world, call, poll(world, question, options, _USUAL | given))


def venue(latitude: float, longitude: float, named: Json) -> Json:
    """The fields of a message with a venue: the location stands beside it, for older bots."""
    location = {"latitude": latitude, "longitude": longitude}
    return {"venue": {"location": location, **named}, "location": location}


def dice(world: World, emoji: str) -> Json:
    """A throw.

    Raises:
        ApiError: an emoji that has no value.
    """
    if emoji not in DICE_VALUES:
        raise bad_request("EMOTICON_INVALID")
    return {"dice": {"emoji": emoji, "value": world.random.randint(1, DICE_VALUES[emoji])}}


def poll(world: World, question: str, options: Sequence[str], settings: Json = _USUAL) -> Json:
    """A poll without any votes.

    Raises:
        ApiError: no question, too few or too many answers, or too long ones.
    """
    if not question.strip():
        raise bad_request("poll question must be non-empty")
    if utf16_length(question) > QUESTION_LIMIT:
        raise bad_request(f"poll question length must not exceed {QUESTION_LIMIT}")
    if len(options) < OPTION_COUNTS.start:
        raise bad_request("poll must have at least 2 option")
    if len(options) not in OPTION_COUNTS:
        raise bad_request(f"poll can't have more than {OPTION_COUNTS.stop - 1} options")
    if not all(option.strip() for option in options):
        raise bad_request("poll options must be non-empty")
    if any(utf16_length(option) > OPTION_LIMIT for option in options):
        raise bad_request(f"poll options length must not exceed {OPTION_LIMIT}")
    choices = [{"persistent_id": str(at), "text": text, "voter_count": 0} for at, text in enumerate(options)]
    fresh = {"id": str(world.random.getrandbits(62)), "question": question, "options": choices, "total_voter_count": 0}
    return {"poll": fresh | settings}


def copied(world: World, content: Json) -> Json:
    """What a copy of such a message carries: dice are thrown anew, a poll begins without votes."""
    if "dice" in content:
        return dice(world, content["dice"]["emoji"])
    if "poll" in content:
        old = content["poll"]
        settings = {name: old[name] for name in _USUAL} | {"is_closed": False}
        return poll(world, old["question"], [option["text"] for option in old["options"]], settings)
    return content


METHODS: dict[str, Method] = {
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendContact": send_contact,
    "sendDice": send_dice,
    "sendPoll": send_poll,
}
