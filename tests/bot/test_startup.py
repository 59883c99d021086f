import asyncio

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot import main
from bot.startup import StartError, check_groups, identify, leave_webhook, problems_of_group, publish_commands
from bot.texts import Library
from sandbox.client import SandboxClient
from sandbox.server import SandboxServer
from sandbox.world import DEMO_TOKEN, OPERATORS_CHAT_ID, demo_world
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
        ({}, None),
    ],
)
async def test_a_group_that_cannot_be_used_is_described(connect, group, problem):
    world = demo_world(limits=False)
    world.add_group(-1005, "Другая", **group)
    async with SandboxServer(world) as server:
        bot = connect(server.url)
        problems = await problems_of_group(bot, -1005, (await bot.get_me()).id)
        await bot.session.close()

    assert (problem is None and problems == []) or problem in problems[0]


async def test_every_group_is_checked(bot):
    with pytest.raises(StartError, match="-1009999"):
        await check_groups(bot, (OPERATORS_CHAT_ID, -1009999), (await bot.get_me()).id)


async def test_the_bot_waits_for_a_telegram_that_throttles_or_stumbles(bot, people):
    await people.fault("getMe", 429, "Too Many Requests", parameters={"retry_after": 1})
    await people.fault("getMe", 502, "Bad Gateway")

    assert (await identify(bot)).username == "otvet_demo_bot"


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


async def test_a_group_that_cannot_be_checked_now_does_not_stop_the_start(bot, people):
    await people.fault("getChat", 502, "Bad Gateway")

    await check_groups(bot, (OPERATORS_CHAT_ID,), (await bot.get_me()).id)


async def test_a_menu_or_webhook_that_fails_does_not_stop_the_start(connect, fake_telegram):
    for method in ("setMyCommands", "deleteWebhook"):
        fake_telegram.answers[method] = lambda: web.Response(status=502, text="<html>", content_type="text/html")
    bot = connect(fake_telegram.url)

    await leave_webhook(bot)
    await publish_commands(bot, Library())

    await bot.session.close()


async def test_the_menu_is_published_in_both_languages(bot, sandbox):
    await publish_commands(bot, Library())

    async with SandboxClient(sandbox.url, listen=False) as people:
        commands = repr((await people.state())["commands"])
    assert "Позвать оператора" in commands
    assert "perator" in commands
