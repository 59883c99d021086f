import asyncio

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiohttp import web

from sandbox.world import ANNA


class Receiver:
    """A bot's own web server, which answers the first requests with the given statuses."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.updates = asyncio.Queue()

    async def receive(self, request):
        self.updates.put_nowait((await request.json(), request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def __aenter__(self):
        app = web.Application()
        app.router.add_post("/hook", self.receive)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *error):
        await self.runner.cleanup()

    async def next(self):
        return await asyncio.wait_for(self.updates.get(), 5)


async def test_updates_are_pushed_in_order_with_the_secret(bot, people):
    async with Receiver() as receiver:
        await people.say(ANNA, "before")
        await bot.set_webhook(receiver.url, secret_token="s-1")
        await people.say(ANNA, "after")
        first, secret = await receiver.next()
        second, _ = await receiver.next()
        await bot.delete_webhook()

    assert (first["message"]["text"], second["message"]["text"]) == ("before", "after")
    assert secret == "s-1"


async def test_refused_update_is_pushed_again_before_the_next_one(bot, people):
    async with Receiver(500, 503) as receiver:
        await bot.set_webhook(receiver.url)
        await people.say(ANNA, "one")
        await people.say(ANNA, "two")
        got = [(await receiver.next())[0]["message"]["text"] for _ in range(4)]
        info = await bot.get_webhook_info()
        await bot.delete_webhook()

    assert got == ["one", "one", "one", "two"]
    assert "503" in info.last_error_message


async def test_webhook_and_polling_exclude_each_other(bot, people):
    async with Receiver() as receiver:
        await bot.set_webhook(receiver.url)
        with pytest.raises(TelegramConflictError, match="webhook is active"):
            await bot.get_updates()
        await bot.delete_webhook()
    await people.say(ANNA, "polled")

    assert len(await bot.get_updates()) == 1


async def test_pending_updates_can_be_dropped(bot, people):
    await people.say(ANNA, "old")
    before = await bot.get_webhook_info()
    await bot.delete_webhook(drop_pending_updates=True)

    assert (before.url, before.pending_update_count) == ("", 1)
    assert await bot.get_updates() == []


async def test_bad_address_and_secret_are_refused(bot):
    with pytest.raises(TelegramBadRequest, match="bad webhook"):
        await bot.set_webhook("ftp://example")
    with pytest.raises(TelegramBadRequest, match="unallowed characters"):
        await bot.set_webhook("https://example.com", secret_token="so secret")


async def test_pushed_updates_come_twice_late_and_in_another_order_when_ordered(bot, people):
    async with Receiver() as receiver:
        await bot.set_webhook(receiver.url)
        await people.update_faults(duplicate=1)
        await people.say(ANNA, "twice")
        twice = [await receiver.next() for _ in range(2)]
        await people.update_faults(reorder=2, hold_s=0.3)
        await people.say(ANNA, "one")
        await people.say(ANNA, "two")
        held = receiver.updates.empty()
        late = [(await receiver.next())[0]["message"]["text"] for _ in range(2)]
        await people.put_update("strange", {"a": 1})
        strange, _ = await receiver.next()
        await bot.delete_webhook()

    assert twice[0] == twice[1]
    assert held
    assert late == ["two", "one"]
    assert strange["strange"] == {"a": 1}


async def test_nothing_is_pushed_while_the_token_is_revoked(bot, people):
    async with Receiver() as receiver:
        await bot.set_webhook(receiver.url)
        await people.revoke_token()
        await people.say(ANNA, "unheard")
        await asyncio.sleep(0.1)
        meanwhile = receiver.updates.empty()
        await people.revoke_token(revoked=False)
        update, _ = await receiver.next()
        await bot.delete_webhook()

    assert meanwhile
    assert update["message"]["text"] == "unheard"
