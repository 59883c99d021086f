import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial

import pytest
from aiohttp import web
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from structlog.testing import capture_logs

from bot.polling import Poller, TokenRevokedError
from bot.startup import leave_webhook
from sandbox.world import ANNA, DEMO_TOKEN

TOKEN = "1000001:very-secret"


def ok(*updates):
    return web.json_response({"ok": True, "result": list(updates)})


def refusal(code, description, **more):
    return web.json_response({"ok": False, "error_code": code, "description": description, **more}, status=code)


def page():
    return web.Response(status=502, text="<html>", content_type="text/html")


class CutOff(web.StreamResponse):
    """An answer whose connection breaks: before it begins, or in its middle."""

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


@pytest.fixture
def poll(fake_telegram):
    """Poll a Telegram that gives these answers, then empty ones, until as many updates were stored; return them."""

    async def run(*answers, stored=1, store=None, **options):
        waiting = list(answers)
        got = []
        enough = asyncio.Event()

        async def answer():
            if waiting:
                answered = waiting.pop(0)()
                return await answered if asyncio.iscoroutine(answered) else answered
            await asyncio.sleep(0.05)
            return ok()

        async def keep(updates):
            if store:
                await store(updates)
            got.extend(updates)
            if len(got) >= stored:
                enough.set()

        fake_telegram.answers["getUpdates"] = answer
        options = {"first_pause_s": 0.01, "answer_s": 1, **options}
        task = asyncio.create_task(Poller(fake_telegram.url, TOKEN, keep, lambda: None, **options).run())
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


class Ear:
    """Stores updates and gives their texts one by one."""

    def __init__(self):
        self._heard = asyncio.Queue()

    async def store(self, updates):
        for update in updates:
            self._heard.put_nowait(update["message"]["text"])

    async def next(self):
        return await asyncio.wait_for(self._heard.get(), 10)


@pytest.fixture
def polling(sandbox):
    """Poll the sandbox for the length of a block."""

    @asynccontextmanager
    async def run(store, **options):
        poller = Poller(sandbox.url, DEMO_TOKEN, store, lambda: None, first_pause_s=0.05, **options)
        task = asyncio.create_task(poller.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

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
        lambda: web.json_response({"ok": True, "result": [{"update_id": True}, {"update_id": 2**63}]}),
        lambda: web.json_response({"ok": False, "error_code": [], "description": None}),
        lambda: web.Response(text="[" * 100_000, content_type="application/json"),
        lambda: refusal(500, "Internal Server Error"),
        lambda: refusal(504, "Gateway Timeout"),
        lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}),
        CutOff,
        lambda: CutOff(b'{"ok": true, "result": [{"update_id": 4}'),
        lambda: asyncio.sleep(1.5, ok({"update_id": 4})),
        lambda: web.Response(status=401, text="<html>", content_type="text/html"),
        lambda: refusal(401, "Unauthorized"),
        lambda: refusal(404, "Not Found"),
        lambda: refusal(429, "Too Many Requests", parameters={"retry_after": 0.01}),
        lambda: refusal(429, "Too Many Requests", parameters={"retry_after": "soon"}),
        lambda: refusal(429, "Too Many Requests", parameters={"retry_after": float("inf")}),
        lambda: refusal(429, "Too Many Requests"),
    ],
)
async def test_whatever_telegram_answers_polling_goes_on(poll, trouble):
    assert await poll(trouble, lambda: ok({"update_id": 5})) == [{"update_id": 5}]


@pytest.mark.parametrize(("code", "description"), [(401, "Unauthorized"), (404, "Not Found")])
async def test_a_token_refused_twice_in_a_row_ends_polling_with_a_sentence(poll, code, description):
    with pytest.raises(TokenRevokedError, match="@BotFather"):
        await poll(lambda: refusal(code, description), lambda: refusal(code, description))


async def test_a_second_process_with_the_same_token_is_named(poll):
    with capture_logs() as logs:
        await poll(lambda: refusal(409, "Conflict"), lambda: ok({"update_id": 1}))

    assert any("another process polls" in entry["event"] for entry in logs)


async def test_throttled_polling_waits_for_as_long_as_it_is_told(poll):
    asked = []

    def answer(response):
        asked.append(time.monotonic())
        return response

    slower = partial(refusal, 429, "Too Many Requests", parameters={"retry_after": 1})
    await poll(lambda: answer(slower()), lambda: answer(ok({"update_id": 1})))

    assert asked[1] - asked[0] >= 1


async def test_pauses_grow_only_while_failures_follow_each_other(poll):
    answers = [answer for update_id in range(7) for answer in (page, partial(ok, {"update_id": update_id}))]

    # 0.7 s of pauses; were they to grow on and on, 12.7 s.
    assert len(await poll(*answers, stored=7, first_pause_s=0.1)) == 7


async def test_an_empty_answer_that_comes_at_once_is_not_asked_for_without_a_pause(poll, fake_telegram):
    answers = [ok] * 20

    began = time.monotonic()
    await poll(*answers, lambda: ok({"update_id": 1}), first_pause_s=0.05)

    assert time.monotonic() - began >= 19 * 0.05


@pytest.mark.parametrize(
    ("sent", "handed_on"),
    [
        ((3, 1, 2), (1, 2, 3)),
        ((1, 1, 2), (1, 1, 2)),
        ((900_000_001, 900_000_002, 5, 6), (900_000_001, 900_000_002, 5, 6)),
    ],
)
async def test_a_batch_is_sorted_unless_the_numbering_has_begun_anew(poll, sent, handed_on):
    got = await poll(lambda: ok(*({"update_id": number} for number in sent)), stored=len(sent))

    assert tuple(update["update_id"] for update in got) == handed_on


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("INSERT", {}, Exception("disk full")),
        InterfaceError("INSERT", {}, Exception("connection is closed")),
        PoolTimeoutError("QueuePool limit of size 5 overflow 10 reached"),
        ConnectionRefusedError("[Errno 111] Connect call failed"),
        TimeoutError(),
    ],
)
async def test_what_cannot_be_stored_is_asked_for_again(poll, failure):
    failures = [failure, failure]

    async def fail_twice(updates):
        if failures:
            raise failures.pop()

    update = {"update_id": 8}
    with capture_logs() as logs:
        assert await poll(*[lambda: ok(update)] * 3, store=fail_twice) == [update]

    assert len([entry for entry in logs if "cannot be stored" in entry["event"]]) == 2


async def test_what_cannot_be_stored_is_not_confirmed(polling, people):
    async def fail(updates):
        raise ConnectionRefusedError

    await people.say(ANNA, "first")
    async with polling(fail):
        await asyncio.sleep(0.5)
        assert (await people.state())["updates_pending"] == 1
    heard = Ear()
    async with polling(heard.store):
        await people.say(ANNA, "second")

        assert [await heard.next(), await heard.next()] == ["first", "second"]


async def test_a_webhook_that_somebody_sets_is_removed_again(polling, bot, people):
    heard = Ear()

    with capture_logs() as logs:
        async with polling(heard.store, leave_webhook=partial(leave_webhook, bot)):
            for text in ("first", "second"):
                await bot.set_webhook("http://127.0.0.1:9/old-deployment")
                await people.say(ANNA, text)
                assert await heard.next() == text

    assert any("a webhook is set" in entry["event"] for entry in logs)
    assert not (await bot.get_webhook_info()).url


async def test_of_two_pollers_the_one_that_stays_goes_on(polling, people):
    first, second = Ear(), Ear()

    with capture_logs() as logs:
        async with polling(first.store):
            async with polling(second.store):
                await asyncio.sleep(0.5)
            await people.say(ANNA, "who hears me?")
            assert await first.next() == "who hears me?"

    assert any("another process polls" in entry["event"] for entry in logs)


async def test_the_token_never_reaches_a_log(poll):
    with capture_logs() as logs:
        await poll(page, lambda: refusal(404, "Not Found"), lambda: ok({"update_id": 1}))
        unreachable = asyncio.create_task(Poller("http://127.0.0.1:9", TOKEN, None, lambda: None).run())
        await asyncio.sleep(0.2)
        unreachable.cancel()
        await asyncio.gather(unreachable, return_exceptions=True)

    assert any("cannot be reached" in entry["event"] for entry in logs)
    assert "secret" not in repr(logs)
