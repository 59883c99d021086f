import asyncio
import time

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot import main
from bot.arrivals import ALLOWED_UPDATES
from bot.startup import (
    StartError,
    check_groups,
    has_lost_webhook,
    identify,
    inspect_group,
    leave_webhook,
    publish_commands,
    set_webhook,
)
from bot.texts import Library
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.world import DEMO_TOKEN, OPERATORS_CHAT_ID, demo_world
from support import schema
from support.settings import Settings


@pytest.fixture
def settings(sandbox, tmp_path):
    def make(**overrides):
        values = {
            "bot_token": DEMO_TOKEN,
            "telegram_api_url": sandbox.url,
            "operators_chat_id": OPERATORS_CHAT_ID,
            "data_dir": tmp_path,
            **overrides,
        }
        return Settings(_env_file=None, **values)

    return make


async def ends_with(settings):
    """Run the bot; return its exit code and the sentence that it ended with."""
    await schema.upgrade(settings.sql_url)
    with capture_logs() as logs:
        code = await asyncio.wait_for(main.run(settings), 20)
    return code, logs[-1]["event"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"bot_token": ""}, "BOT_TOKEN is not set"),
        ({"bot_token": "nonsense"}, "BOT_TOKEN is malformed"),
        ({"bot_token": "1000001:wrong"}, "Telegram refuses BOT_TOKEN"),
        ({"operators_chat_id": ()}, "OPERATORS_CHAT_ID is not set"),
        ({"operators_chat_id": -1009999}, "closed to the bot"),
    ],
)
async def test_a_wrong_configuration_ends_with_code_two_and_a_sentence(settings, overrides, sentence):
    code, said = await ends_with(settings(**overrides))

    assert code == 2
    assert sentence in said
    assert "wrong" not in said
    assert "nonsense" not in said


@pytest.mark.parametrize(
    ("group", "problem"),
    [
        ({"forum": False}, "is no forum"),
        ({"bot_status": "member"}, "no administrator"),
        ({"bot_lacks": frozenset({"can_manage_topics"})}, "Manage topics"),
        ({"bot_status": "left"}, "no administrator"),
        ({"bot_lacks": frozenset({"can_pin_messages"})}, None),
        ({}, None),
    ],
)
async def test_a_group_that_cannot_be_used_is_described(connect, group, problem):
    world = demo_world(limits=False)
    world.add_group(-1005, "Другая", **group)
    async with SandboxServer(world) as server:
        bot = connect(server.url)
        state = await inspect_group(bot, -1005, (await bot.get_me()).id)
        await bot.session.close()

    assert state.problem is None if problem is None else problem in state.problem


async def test_one_group_that_works_is_enough(bot):
    with capture_logs() as logs:
        usable = await check_groups(bot, (-1009999, OPERATORS_CHAT_ID), (await bot.get_me()).id)

    assert usable == (OPERATORS_CHAT_ID,)
    assert [entry["log_level"] for entry in logs if "-1009999 is closed to the bot" in entry["event"]] == ["warning"]


async def test_without_any_group_that_works_each_is_described(bot):
    with pytest.raises(StartError, match=r"-1008888.*; .*-1009999"):
        await check_groups(bot, (-1008888, -1009999), (await bot.get_me()).id)


async def test_rights_that_are_missing_are_named(bot, sandbox):
    lacks = frozenset({"can_delete_messages", "can_pin_messages"})
    sandbox.world.add_group(-1005, "Вторая", forum=True, bot_lacks=lacks)
    with capture_logs() as logs:
        assert await check_groups(bot, (-1005,), (await bot.get_me()).id) == (-1005,)

    said = " ".join(entry["event"] for entry in logs)
    assert "«Delete messages»" in said
    assert "«Pin messages»" in said


async def test_a_group_that_has_moved_is_followed_and_its_new_id_named(bot, sandbox):
    sandbox.world.add_group(-1005, "Прежняя", forum=False)
    sandbox.world.chats[-1005].migrated_to = OPERATORS_CHAT_ID
    with capture_logs() as logs:
        usable = await check_groups(bot, (-1005, OPERATORS_CHAT_ID), (await bot.get_me()).id)

    assert usable == (OPERATORS_CHAT_ID,)
    assert [(entry["old"], entry["new"]) for entry in logs if "new id" in entry["event"]] == [
        (-1005, OPERATORS_CHAT_ID)
    ]


async def test_the_bot_waits_for_exactly_as_long_as_a_throttling_telegram_says(bot, people):
    await people.fault("getMe", 429, "Too Many Requests", parameters={"retry_after": 2})
    began = time.monotonic()

    assert (await identify(bot)).username == "otvet_demo_bot"
    assert time.monotonic() - began >= 2


async def test_the_bot_waits_while_a_proxys_page_answers(connect, fake_telegram):
    def answer():
        if fake_telegram.calls.count("getMe") == 1:
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        me = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "bot"}
        return web.json_response({"ok": True, "result": me})

    fake_telegram.answers["getMe"] = answer
    bot = connect(fake_telegram.url)

    with capture_logs() as logs:
        assert (await identify(bot)).username == "bot"
    await bot.session.close()

    assert "html" not in repr(logs)


async def test_an_unreachable_telegram_is_waited_for_with_a_sentence_and_no_token(connect):
    bot = connect("http://127.0.0.1:9", "1000001:very-secret")
    with capture_logs() as logs:
        waiting = asyncio.create_task(identify(bot))
        await asyncio.sleep(1.3)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await bot.session.close()

    assert {entry["event"] for entry in logs} == {"Telegram cannot be reached at TELEGRAM_API_URL: trying again"}
    assert "secret" not in repr(logs)


METHODS = ("getMe", "sendChatAction", "getChat", "getChatMember", "setWebhook", "deleteWebhook", "setMyCommands")


class Broken(web.StreamResponse):
    """A connection that breaks before the answer, or in its middle."""

    def __init__(self, begun=b""):
        super().__init__()
        self._begun = begun

    async def prepare(self, request):
        if self._begun:
            self.content_length = 1000
            await super().prepare(request)
            await self.write(self._begun)
            await asyncio.sleep(0.05)
        request.transport.abort()


def refusal(code, description, **more):
    return web.json_response({"ok": False, "error_code": code, "description": description, **more}, status=code)


def healthy(method):
    """Return what Telegram says when all is well."""
    me = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "bot"}
    chat = {"id": -1, "type": "supergroup", "is_forum": True, "accent_color_id": 0, "max_reaction_count": 1}
    gifts = dict.fromkeys(("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription"), True)
    chat["accepted_gift_types"] = gifts | {"gifts_from_channels": True}
    results = {"getMe": me, "getChat": chat, "getChatMember": {"status": "creator", "user": me, "is_anonymous": False}}
    return web.json_response({"ok": True, "result": results.get(method, True)})


@pytest.fixture
def stumble(fake_telegram):
    """Let the first call of each method end badly; return when each was called."""

    def arrange(trouble):
        called = {}

        def answer(method):
            times = called.setdefault(method, [])
            times.append(time.monotonic())
            return trouble() if len(times) == 1 else healthy(method)

        for method in METHODS:
            fake_telegram.answers[method] = lambda method=method: answer(method)
        return called

    return arrange


def all_but_groups(bot):
    return (
        identify(bot),
        set_webhook(bot, "https://support.example/hook", "secret"),
        leave_webhook(bot),
        publish_commands(bot, Library()),
    )


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: refusal(429, "Too Many Requests: retry after 1", parameters={"retry_after": 1}),
        lambda: refusal(502, "Bad Gateway"),
        lambda: refusal(504, "Gateway Timeout"),
        Broken,
    ],
    ids=["429", "502", "504", "reset"],
)
async def test_the_start_survives_trouble_at_the_first_call_of_everything(connect, fake_telegram, stumble, trouble):
    called = stumble(trouble)
    bot = connect(fake_telegram.url)

    groups, me, *_ = await asyncio.gather(check_groups(bot, (-1,), 1), *all_but_groups(bot))
    await bot.session.close()

    assert (me.username, groups) == ("bot", (-1,))
    expected = dict.fromkeys(METHODS, 2) | {"setMyCommands": 5}
    assert {method: len(times) for method, times in called.items()} == expected
    assert all(times[1] - times[0] >= 1 for times in called.values())


@pytest.mark.parametrize(
    "trouble",
    [
        lambda: refusal(429, "Too Many Requests"),
        lambda: refusal(302, "Found"),
        lambda: web.json_response({"ok": False}, status=500),
        lambda: web.json_response({"ok": True}),
        lambda: web.Response(status=404, text="<html>", content_type="text/html"),
        lambda: web.Response(body=b"\xff\xfe\xfd", content_type="application/json", charset="utf-8"),
        lambda: Broken(b'{"ok": true, "result"'),
        lambda: asyncio.sleep(30),
    ],
    ids=["429-without-time", "302", "bare-500", "no-result", "page", "bytes", "cut", "hang"],
)
async def test_the_start_survives_answers_that_are_none(connect, fake_telegram, stumble, trouble):
    stumble(trouble)
    bot = connect(fake_telegram.url)

    me, *_ = await asyncio.gather(*all_but_groups(bot))
    await bot.session.close()

    assert me.username == "bot"


async def test_a_group_whose_check_is_throttled_for_long_is_used_unchecked(bot, people):
    await people.fault("getChat", 429, "Too Many Requests", parameters={"retry_after": 3000})

    assert await check_groups(bot, (OPERATORS_CHAT_ID,), (await bot.get_me()).id) == (OPERATORS_CHAT_ID,)


async def test_a_webhook_asks_for_the_updates_that_are_handled(bot, sandbox):
    await set_webhook(bot, "http://127.0.0.1:9/hook", "the-secret")

    assert sandbox.world.webhook.url == "http://127.0.0.1:9/hook"
    assert sandbox.world.webhook.secret_token == "the-secret"
    assert sandbox.world.updates.allowed == sorted(ALLOWED_UPDATES)


@pytest.mark.parametrize(
    ("code", "description", "sentence"),
    [
        (
            400,
            "Bad Request: bad webhook: Failed to resolve host",
            "WEBHOOK_URL .*Failed to resolve host.* public https",
        ),
        (401, "Unauthorized", "BOT_TOKEN"),
    ],
)
async def test_a_refused_webhook_is_a_sentence_that_says_what_to_do(bot, people, code, description, sentence):
    await people.fault("setWebhook", code, description)

    with pytest.raises(StartError, match=sentence):
        await set_webhook(bot, "https://nowhere.example/hook", "secret")


async def test_a_webhook_that_cannot_be_removed_is_left_to_polling(bot, people):
    await people.fault("deleteWebhook", 400, "Bad Request")

    with capture_logs() as logs:
        await leave_webhook(bot)

    assert "could not be removed" in logs[-1]["event"]


async def test_a_menu_that_is_refused_costs_no_other(bot, people):
    await people.fault("setMyCommands", 400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")

    await publish_commands(bot, Library())

    assert len((await people.state())["commands"]) == 3


async def test_the_menu_is_published_in_both_languages(bot, sandbox):
    await publish_commands(bot, Library())

    async with SandboxClient(sandbox.url, listen=False) as people:
        commands = repr((await people.state())["commands"])
    assert "Позвать оператора" in commands
    assert "perator" in commands


async def test_a_webhook_that_somebody_took_away_is_noticed(bot, sandbox, people):
    await set_webhook(bot, "http://127.0.0.1:9/hook", "secret")
    assert not await has_lost_webhook(bot, "http://127.0.0.1:9/hook")

    await leave_webhook(bot)

    assert await has_lost_webhook(bot, "http://127.0.0.1:9/hook")
    await people.fault("getWebhookInfo", 502)
    assert not await has_lost_webhook(bot, "http://127.0.0.1:9/hook")
    await people.revoke_token()
    with pytest.raises(StartError):
        await has_lost_webhook(bot, "http://127.0.0.1:9/hook")
