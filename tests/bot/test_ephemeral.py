import pytest
from aiohttp import web

from bot.budget import Budget
from bot.ephemeral import Ephemeral
from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID


@pytest.fixture
def old_server(fake_telegram):
    """A Bot API server from before ephemeral messages: it ignores what it does not know."""
    unknown = {"ok": False, "error_code": 404, "description": "Not Found"}
    fake_telegram.answers["deleteEphemeralMessage"] = lambda: web.json_response(unknown, status=404)
    return fake_telegram


def message(**more):
    chat = {"id": OPERATORS_CHAT_ID, "type": "supergroup", "title": "g"}
    return web.json_response({"ok": True, "result": {"message_id": 7, "date": 1, "chat": chat, "text": "t", **more}})


async def test_what_one_operator_may_see_is_shown_to_him_alone(bot, people):
    ephemeral = Ephemeral(bot, Budget())

    assert await ephemeral.show(OPERATORS_CHAT_ID, None, MARIA, "+7 916 123-45-01")
    (shown,) = await people.messages(OPERATORS_CHAT_ID)
    assert shown["receiver_user"]["id"] == MARIA
    assert not await ephemeral.show(OPERATORS_CHAT_ID, None, ANNA, "+7 916 123-45-01"), "no member of the group"


async def test_a_server_that_would_show_it_to_everybody_is_never_given_it(old_server, connect):
    async with connect(old_server.url) as bot:
        ephemeral = Ephemeral(bot, Budget())

        assert not await ephemeral.show(OPERATORS_CHAT_ID, 5, MARIA, "+7 916 123-45-01")
        assert not await ephemeral.show(OPERATORS_CHAT_ID, 5, MARIA, "+7 916 123-45-01")
    assert old_server.calls == ["deleteEphemeralMessage"]


async def test_what_was_shown_to_everybody_all_the_same_is_deleted(fake_telegram, connect):
    fake_telegram.answers["sendMessage"] = message
    async with connect(fake_telegram.url) as bot:
        ephemeral = Ephemeral(bot, Budget())

        assert not await ephemeral.show(OPERATORS_CHAT_ID, 5, MARIA, "+7 916 123-45-01")
        assert not await ephemeral.show(OPERATORS_CHAT_ID, 5, MARIA, "+7 916 123-45-01")
    assert fake_telegram.calls == ["deleteEphemeralMessage", "sendMessage", "deleteMessage"]
