import asyncio

import pytest
from aiohttp import web
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.polling import Poller, TokenRevokedError

TOKEN = "1000001:very-secret"


def ok(*updates):
    return web.json_response({"ok": True, "result": list(updates)})


def refusal(code, description, **more):
    return web.json_response({"ok": False, "error_code": code, "description": description, **more}, status=code)


def page():
    return web.Response(status=502, text="<html>", content_type="text/html")


@pytest.fixture
def poll(fake_telegram):
    """Poll a Telegram that gives these answers, then empty ones, until as many updates were stored; return them."""

    async def run(*answers, stored=1, store=None):
        waiting = list(answers)
        got = []
        enough = asyncio.Event()

        async def answer():
            if waiting:
                return waiting.pop(0)()
            await asyncio.sleep(0.05)
            return ok()

        async def keep(updates):
            if store:
                await store(updates)
            got.extend(updates)
            if len(got) >= stored:
                enough.set()

        fake_telegram.answers["getUpdates"] = answer
        task = asyncio.create_task(Poller(fake_telegram.url, TOKEN, keep, lambda: None, first_pause_s=0.01).run())
        waiter = asyncio.create_task(enough.wait())
        try:
            await asyncio.wait([task, waiter], timeout=10, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                await task
            assert enough.is_set()
        finally:
            task.cancel()
            waiter.cancel()
            await asyncio.gather(task, waiter, return_exceptions=True)
        return got

    return run


@pytest.mark.parametrize(
    "trouble",
    [
        page,
        lambda: web.Response(text="null", content_type="application/json"),
        lambda: web.Response(text="[1, 2]", content_type="application/json"),
        lambda: web.json_response({"ok": True}),
        lambda: web.json_response({"ok": True, "result": "soon"}),
        lambda: web.json_response({"ok": True, "result": [5, None, {"no": "id"}, {"update_id": "odd"}]}),
        lambda: web.Response(body=b"\xff\xfe", content_type="application/json"),
        lambda: refusal(500, "Internal Server Error"),
        lambda: refusal(429, "Too Many Requests", parameters={"retry_after": 0.01}),
        lambda: refusal(429, "Too Many Requests", parameters={"retry_after": "soon"}),
    ],
)
async def test_whatever_telegram_answers_polling_goes_on(poll, trouble):
    assert await poll(trouble, lambda: ok({"update_id": 5})) == [{"update_id": 5}]


async def test_a_revoked_token_ends_polling_with_a_sentence(poll):
    with pytest.raises(TokenRevokedError, match="@BotFather"):
        await poll(lambda: refusal(401, "Unauthorized"))


async def test_a_second_process_with_the_same_token_is_named(poll):
    with capture_logs() as logs:
        await poll(lambda: refusal(409, "Conflict"), lambda: ok({"update_id": 1}))

    assert any("another process polls" in entry["event"] for entry in logs)


async def test_what_cannot_be_stored_is_asked_for_again(poll):
    failures = [OperationalError("INSERT", {}, Exception("disk full"))]

    async def fail_once(updates):
        if updates and failures:
            raise failures.pop()

    update = {"update_id": 8}

    assert await poll(lambda: ok(update), lambda: ok(update), store=fail_once) == [update]


async def test_the_token_never_reaches_a_log(poll):
    with capture_logs() as logs:
        await poll(page, lambda: refusal(404, "Not Found"), lambda: ok({"update_id": 1}))
        unreachable = asyncio.create_task(Poller("http://127.0.0.1:9", TOKEN, None, lambda: None).run())
        await asyncio.sleep(0.2)
        unreachable.cancel()
        await asyncio.gather(unreachable, return_exceptions=True)

    assert any("cannot be reached" in entry["event"] for entry in logs)
    assert "secret" not in repr(logs)
