import aiohttp
import pytest

from sandbox.telegram.errors import ApiError
from sandbox.telegram.schema import check
from sandbox.world import ANNA, DEMO_TOKEN


def refusal(method, params):
    with pytest.raises(ApiError) as caught:
        check(method, params)
    assert caught.value.code == 400
    return caught.value.description


def test_form_fields_become_their_proper_types():
    checked = check(
        "sendMessage",
        {
            "chat_id": "-100",
            "text": "5",
            "disable_notification": "true",
            "reply_markup": '{"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}',
        },
    )

    assert checked == {
        "chat_id": -100,
        "text": "5",
        "disable_notification": True,
        "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]},
    }


def test_null_is_as_good_as_nothing():
    assert check("sendMessage", {"chat_id": 1, "text": "a", "parse_mode": None}) == {"chat_id": 1, "text": "a"}


@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("sendMessage", {"text": "a"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": 1}, "message text is empty"),
        ("sendMessage", {"chat_id": 1, "text": "a", "txet": "b"}, 'no parameter "txet"'),
        ("sendMessage", {"chat_id": [1], "text": "a"}, '"chat_id" must be Integer or String'),
        ("sendMessage", {"chat_id": 1, "text": "a", "reply_markup": "{"}, "can't parse JSON"),
        ("sendMessage", {"chat_id": 1, "text": "a", "reply_markup": {"keyboard": [[{}]]}}, '"text" of KeyboardButton'),
        ("sendMessage", {"chat_id": 1, "text": "a", "entities": [{"type": "bold"}]}, "MessageEntity"),
        ("getUpdates", {"offset": "soon"}, '"offset" must be Integer'),
        ("getUpdates", {"allowed_updates": "{}"}, "must be Array of String"),
        ("sendMediaGroup", {"chat_id": 1, "media": [{"type": "photo"}]}, '"media" of InputMediaPhoto'),
        ("sendMediaGroup", {"chat_id": 1, "media": [{"type": "gif", "media": "a"}]}, '"type" must be'),
    ],
)
def test_what_telegram_would_not_understand_is_refused(method, params, said):
    assert said in refusal(method, params)


async def test_half_a_character_is_refused(server):
    url = f"{server.url}/bot{DEMO_TOKEN}/sendMessage"
    broken = {"chat_id": ANNA, "text": "\ud83d"}
    async with aiohttp.ClientSession() as session, session.post(url, json=broken) as response:
        assert response.status == 400
        assert "UTF-8" in (await response.json())["description"]


async def test_calls_are_understood_in_every_form(server):
    url = f"{server.url}/bot{DEMO_TOKEN}/sendMessage"
    fields = {"chat_id": str(ANNA), "text": "hello"}
    multipart = aiohttp.FormData(fields, default_to_multipart=True)
    async with aiohttp.ClientSession() as session:
        for request in (
            session.post(url, json={"chat_id": ANNA, "text": "hello"}),
            session.post(url, data=fields),
            session.post(url, data=multipart),
            session.get(url, params=fields),
            session.get(url.replace("sendMessage", "SENDMESSAGE"), params=fields),
        ):
            async with request as response:
                answer = await response.json()
                assert answer["result"]["text"] == "hello"


@pytest.mark.parametrize(
    ("path", "code", "description"),
    [
        (f"bot{DEMO_TOKEN}/sendMessages", 404, "Not Found"),
        ("bot1:x/getMe", 401, "Unauthorized"),
        (f"bot{DEMO_TOKEN}/sendGame?chat_id=101&game_short_name=a", 501, "does not have the method sendGame"),
        (f"bot{DEMO_TOKEN}/sendMessage", 400, "Bad Request: chat_id is empty"),
        (f"bot{DEMO_TOKEN}/sendLocation?chat_id=101&latitude=nan&longitude=0", 400, '"latitude" must be Float'),
    ],
)
async def test_refusal_has_telegrams_shape(server, path, code, description):
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/{path}") as response:
        answer = await response.json()

    assert response.status == code
    assert (answer["ok"], answer["error_code"]) == (False, code)
    assert description in answer["description"]
