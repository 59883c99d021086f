import pytest

from bot.plainer import without_what_was_refused

BOLD = [{"type": "bold", "offset": 0, "length": 2}]
REPLY = {"message_id": 5, "allow_sending_without_reply": True}
QUOTED = {**REPLY, "quote": "часть", "quote_entities": BOLD, "quote_position": 3}


@pytest.mark.parametrize("method", ["SendMessage", "SendMediaGroup", "CopyMessage"])
def test_a_refused_quote_is_left_out_and_the_reply_stays(method):
    payload = {"text": "да", "reply_parameters": QUOTED}

    assert without_what_was_refused(method, payload, "bad request: quote_text_invalid") == {
        "text": "да",
        "reply_parameters": REPLY,
    }


@pytest.mark.parametrize("name", ["entities", "caption_entities", "parse_mode"])
@pytest.mark.parametrize(
    "reason", ["bad request: can't parse entities: can't find end", "bad request: entity_text_invalid"]
)
def test_words_refused_in_formatting_become_plain(name, reason):
    assert without_what_was_refused("SendPhoto", {"caption": "да", name: BOLD}, reason) == {"caption": "да"}


def test_an_albums_captions_become_plain():
    album = {"media": [{"media": "id", "caption": "да", "caption_entities": BOLD}, {"media": "id2"}]}

    simpler = without_what_was_refused("SendMediaGroup", album, "bad request: can't parse entities")

    assert simpler == {"media": [{"media": "id", "caption": "да"}, {"media": "id2"}]}
    assert without_what_was_refused("SendMediaGroup", simpler, "bad request: can't parse entities") is None


def test_a_reply_to_what_is_gone_is_left_out():
    payload = {"text": "да", "reply_parameters": REPLY}

    assert without_what_was_refused("SendMessage", payload, "bad request: message to be replied not found") == {
        "text": "да"
    }


@pytest.mark.parametrize("reason", ["bad request: chat not found", "bad request: quote_text_invalid", "entities"])
def test_what_has_nothing_to_leave_out_stays_refused(reason):
    assert without_what_was_refused("SendMessage", {"text": "да"}, reason) is None


def test_leaving_out_ends():
    payload = {"text": "да", "entities": BOLD, "reply_parameters": QUOTED}
    reason = "quote, entities, reply message not found"
    steps = 0
    while payload is not None:
        last, payload = payload, without_what_was_refused("SendMessage", payload, reason)
        steps += 1

    assert (last, steps) == ({"text": "да"}, 4)
