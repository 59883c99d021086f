import base64

import aiohttp
import pytest

from sandbox.client import SandboxError
from sandbox.world import ANNA, JAMES, OLEG, OPERATORS_CHAT_ID


async def test_state_shows_the_demo_world(people):
    state = await people.state()
    [group] = [chat for chat in state["chats"] if chat["type"] == "supergroup"]

    assert state["bot"]["username"] == "otvet_demo_bot"
    assert {user["id"] for user in state["users"]} == {101, 102, 103, 104, 9001, 9002}
    assert (group["id"], group["is_forum"]) == (-1001000000001, True)
    assert [(member["user"]["id"], member["status"]) for member in state["members"]["-1001000000001"]] == [
        (1000001, "administrator"),
        (9001, "creator"),
        (9002, "administrator"),
    ]
    assert state["messages"] == state["topics"] == state["typing"] == []


async def test_new_person_writes_at_once(bot, people):
    user = await people.user("Иван", language_code="ru", phone="+7")
    event = await people.wait_for(lambda event: event["type"] == "user")
    await people.say(user["id"], "привет")
    await people.share_contact(user["id"])
    written, shared = await bot.get_updates()

    assert event["user"] == user
    assert (written.message.from_user.first_name, written.message.from_user.language_code) == ("Иван", "ru")
    assert shared.message.contact.user_id == user["id"]


async def test_strangers_contact_has_no_user_id(bot, people):
    await people.share_contact(ANNA, own=False)
    [update] = await bot.get_updates()

    assert update.message.contact.user_id is None


async def test_album_of_a_person_comes_as_messages_with_one_group_id(bot, people):
    for name in ("a.txt", "b.txt"):
        data = base64.b64encode(name.encode()).decode()
        media = {"kind": "document", "file_name": name, "data_base64": data, "mime_type": "text/plain"}
        await people.say(ANNA, media=media, album="x", caption=name)
    first, second = await bot.get_updates()
    file = await bot.get_file(second.message.document.file_id)

    assert first.message.media_group_id == second.message.media_group_id is not None
    assert (await bot.download_file(file.file_path)).read() == b"b.txt"


async def test_file_is_shown_without_a_token(people):
    data = base64.b64encode(b"<script>").decode()
    said = await people.say(ANNA, media={"kind": "document", "mime_type": "text/html", "data_base64": data})
    address = f"{people.url}/sandbox/files/{said['document']['file_id']}"
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        assert await response.read() == b"<script>"
        assert response.headers["Content-Security-Policy"] == "sandbox"


@pytest.mark.parametrize(
    "kind", ["photo", "voice", "audio", "document", "sticker", "video", "video_note", "animation", "location"]
)
async def test_person_sends_every_kind_of_media(bot, people, kind):
    await people.say(ANNA, media={"kind": kind, "latitude": 1, "longitude": 2, "emoji": "🙂"})
    [update] = await bot.get_updates()

    assert update.message.content_type == kind


async def test_forwarded_message_says_so(bot, people):
    await people.say(ANNA, "look", forwarded=True)
    [update] = await bot.get_updates()

    assert update.message.forward_origin.type == "hidden_user"


async def test_reply_of_an_operator_stays_in_the_topic(bot, people):
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")
    card = await bot.send_message(OPERATORS_CHAT_ID, "card", message_thread_id=topic.message_thread_id)
    said = await people.say(JAMES, "mine", chat_id=OPERATORS_CHAT_ID, reply_to=card.message_id)

    assert said["message_thread_id"] == topic.message_thread_id
    assert said["reply_to_message"]["text"] == "card"


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("messages", {"chat_id": ANNA}, "user_id: Field required"),
        ("messages", {"chat_id": ANNA, "user_id": ANNA}, "nothing to send"),
        ("messages", {"chat_id": ANNA, "user_id": ANNA, "text": "\ud83d"}, "body: Invalid JSON"),
        ("messages", {"chat_id": 5, "user_id": ANNA, "text": "a"}, "no chat 5"),
        ("messages", {"chat_id": ANNA, "user_id": 5, "text": "a"}, "no user 5"),
        ("messages", {"chat_id": ANNA, "user_id": OLEG, "text": "a"}, "belongs to somebody else"),
        ("messages", {"chat_id": OPERATORS_CHAT_ID, "user_id": OLEG, "text": "a"}, "not a member"),
        ("messages", {"chat_id": OPERATORS_CHAT_ID, "user_id": 9001, "text": "a", "thread_id": 9}, "no topic 9"),
        ("messages", {"chat_id": ANNA, "user_id": ANNA, "media": {"kind": "gif"}}, "media.kind"),
        ("messages", {"chat_id": ANNA, "user_id": ANNA, "media": {"kind": "photo", "data_base64": "!"}}, "not base64"),
        ("messages", {"chat_id": ANNA, "user_id": ANNA, "txt": "a"}, "txt: Extra inputs"),
        ("edits", {"chat_id": ANNA, "message_id": 9, "user_id": ANNA, "text": "a"}, "no message 9"),
        ("reactions", {"chat_id": ANNA, "message_id": 9, "user_id": ANNA, "emoji": "a"}, "no message 9"),
        ("contacts", {"chat_id": 9001, "user_id": 9001, "own": True}, "has no phone"),
        ("users", {"first_name": ""}, "first_name"),
        ("blocks", {"user_id": OPERATORS_CHAT_ID, "blocked": True}, "only a person"),
    ],
)
async def test_impossible_action_gets_a_sentence(people, path, body, said):
    with pytest.raises(SandboxError, match=said):
        await people.post(path, **body)


async def test_too_long_text_goes_out_in_pieces_as_apps_do(bot, people):
    words = "слово " * 1500
    last = await people.say(ANNA, words)
    updates = await bot.get_updates()

    assert [len(update.message.text) for update in updates] == [4091, 4091, 815]
    assert " ".join(update.message.text for update in updates) == words.strip()
    assert last["message_id"] == updates[-1].message.message_id


async def test_operators_change_topics_by_hand(bot, people):
    thread_id = (await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")).message_thread_id
    place = {"chat_id": OPERATORS_CHAT_ID, "user_id": JAMES, "thread_id": thread_id}
    await people.post("topics/changes", **place, action="close")
    with pytest.raises(SandboxError, match="nothing to do"):
        await people.post("topics/changes", **place, action="close")
    await people.post("topics/changes", **place, action="delete")
    _, closed = await bot.get_updates()

    assert closed.message.forum_topic_closed is not None
    assert closed.message.from_user.id == JAMES
    assert await people.topics() == []


async def test_customer_who_blocked_the_bot_cannot_write(people):
    await people.block(ANNA)
    with pytest.raises(SandboxError, match="unblock it first"):
        await people.say(ANNA, "hello")


async def test_calls_are_counted_and_shown_but_not_the_long_poll(bot, people):
    await bot.get_updates()
    await bot.get_me()
    event = await people.wait_for(lambda event: event["type"] == "call")

    assert event == {"type": "call", "method": "getMe", "ok": True}
    assert (await people.state())["counters"]["calls_by_method"] == {"getUpdates": 1, "getMe": 1}


async def test_wait_gives_every_event_out_once(bot, people):
    await bot.send_message(ANNA, "one")
    await bot.send_message(ANNA, "two")
    second = await people.wait_for_message(ANNA, containing="two")
    first = await people.wait_for_message(ANNA)

    assert (first["text"], second["text"]) == ("one", "two")
    with pytest.raises(TimeoutError, match="no such event"):
        await people.wait_for_message(ANNA, timeout_s=0.01)
