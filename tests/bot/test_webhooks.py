import asyncio
import io
import json
from contextlib import asynccontextmanager

import aiohttp
import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from yarl import URL

from bot.inbox import Inbox
from bot.startup import StartError, set_webhook
from bot.unit import Units
from bot.webhooks import IN_HAND, SECRET_HEADER, WebhookServer, webhook_secret
from sandbox.world import ANNA, EMMA

SECRET = "right-secret"


class Store:
    """Remembers each call; fails as often as it is told, and always for poison; holds everybody while it is shut."""

    def __init__(self):
        self.asked = []
        self.calls = []
        self.failures = []
        self.poison = set()
        self.open = asyncio.Event()
        self.open.set()

    @property
    def ids(self):
        return [update["update_id"] for call in self.calls for update in call]

    async def __call__(self, updates):
        self.asked.extend(updates)
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        if any(update["update_id"] in self.poison for update in updates):
            raise OverflowError("Python int too large: do not quote me")
        self.calls.append(updates)


class Telegram:
    """What may be sent to a webhook."""

    def __init__(self, client, url):
        self.client = client
        self.url = url

    async def push(self, update_id):
        return await self.send({"update_id": update_id, "message": {"text": "do not quote me"}})

    async def send(self, body, *, secret=SECRET):
        """Return the status of the answer, which must be empty unless it is a refusal of aiohttp's own."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {} if secret is None else {SECRET_HEADER: secret}
        async with self.client.post(self.url, data=io.BytesIO(content), headers=headers) as response:
            assert await response.read() == b""
            return response.status


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def serve(store):
    """Run a webhook's server for the length of a block."""

    @asynccontextmanager
    async def run(path="/hook", **options):
        server = WebhookServer(f"https://support.example{path}", 0, SECRET, store, host="127.0.0.1", **options)
        await server.start()
        base = f"http://127.0.0.1:{server.port}"
        async with aiohttp.ClientSession(base, connector=aiohttp.TCPConnector(limit=0)) as client:
            try:
                yield Telegram(client, base + (path or "/"))
            finally:
                store.open.set()
                await server.stop()

    return run


async def test_an_update_with_the_right_secret_is_stored_and_then_answered(serve, store):
    async with serve() as telegram:
        store.open.clear()
        pushed = asyncio.create_task(telegram.push(7))
        await asyncio.sleep(0.1)
        assert not pushed.done()

        store.open.set()

        assert await pushed == 200
    assert store.ids == [7]


@pytest.mark.parametrize("secret", [None, "", "wrong", "right-secre", "right-secret1", "Right-Secret", "секрет"])
async def test_without_the_right_secret_nothing_is_read_or_stored(serve, store, secret):
    async with serve() as telegram:
        with capture_logs() as logs:
            assert [await telegram.send(b"[" * 2_000, secret=secret) for _ in range(5)] == [403] * 5

    assert store.calls == []
    assert [entry["event"] for entry in logs] == ["webhook requests without the right secret are refused"]


async def test_a_stranger_is_refused_before_the_body_has_come(serve):
    async def endless():
        yield b"{"
        await asyncio.sleep(30)

    async with serve() as telegram, asyncio.timeout(5), telegram.client.post(telegram.url, data=endless()) as response:
        assert response.status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b"[]",
        b"{}",
        b'{"update_id": "7"}',
        b'{"update_id": true}',
        b'{"update_id": 7.5}',
        b'{"update_id": null}',
        b'{"update_id": 9223372036854775808}',
        b'{"update_id": ' + b"9" * 5000 + b"}",
        b'{"update_id": 7, "message": "do not quote me',
        b'\xff\xfe{"update_id": 7}',
        b'{"update_id": 7, "message": ' + b"[" * 200_000,
        b'{"update_id": 7, "message": "' + b"x" * 1024 * 1024 + b'"}',
    ],
    ids=range(15),
)
async def test_what_is_no_update_is_refused_and_not_quoted(serve, store, body):
    async with serve() as telegram:
        with capture_logs() as logs:
            assert await telegram.send(body) == 400
        assert await telegram.push(8) == 200

    assert [entry["event"] for entry in logs] == ["a webhook's request holds no update"]
    assert "quote" not in repr(logs)
    assert store.ids == [8]


async def test_broken_http_is_answered_and_not_logged(serve, caplog):
    async with serve() as telegram:
        for text in (b"\x16\x03\x01\x02\r\n\r\n", b"POST /hook HTTP/1.1\r\nHo st: x\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", URL(telegram.url).port)
            writer.write(text)
            assert b" 400 " in await reader.readline()
            writer.close()
            await writer.wait_closed()

    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize(
    "path", ["/hook", "", "/", "/a/b/", "/секрет", "/bot1:A_b-c", "/with%20space", "/a{b}", "/healthz"]
)
async def test_only_the_webhooks_own_path_is_served(serve, store, path):
    async with serve(path) as telegram:
        assert await telegram.push(1) == 200
        async with telegram.client.post("/other") as response:
            assert response.status == 404
        async with telegram.client.get("/healthz") as response:
            assert (response.status, await response.text()) == (200, "ok")
        if path != "/healthz":
            async with telegram.client.get(telegram.url) as response:
                assert response.status == 405

    assert store.ids == [1]


@pytest.mark.parametrize(
    "failure",
    [OperationalError("INSERT", {}, Exception("disk full")), ConnectionRefusedError("refused"), TimeoutError()],
)
async def test_what_is_not_stored_is_asked_for_again_soon(serve, store, failure):
    store.failures = [failure]
    async with serve() as telegram:
        async with telegram.client.post(
            telegram.url, json={"update_id": 1}, headers={SECRET_HEADER: SECRET}
        ) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
        assert await telegram.push(1) == 200

    assert store.ids == [1]


async def test_why_a_store_failed_is_said_without_the_updates(serve, store):
    store.failures = [OperationalError("INSERT", {"payload": "do not quote me"}, Exception("disk full"))]
    store.poison = {2}
    async with serve() as telegram:
        with capture_logs() as logs:
            assert [await telegram.push(1), await telegram.push(2)] == [503, 503]

    assert [entry["error"] for entry in logs] == ["disk full", "OverflowError"]
    assert "quote" not in repr(logs)


async def test_two_hundred_at_once_are_stored_in_few_transactions(serve, store):
    async with serve() as telegram:
        store.open.clear()
        pushed = [asyncio.create_task(telegram.push(number)) for number in range(200)]
        await asyncio.sleep(0.5)
        store.open.set()

        assert await asyncio.gather(*pushed) == [200] * 200

    assert sorted(store.ids) == list(range(200))
    assert len(store.calls) <= 20


async def test_more_than_fit_queue_up(serve, store):
    async with serve() as telegram:
        store.open.clear()
        pushed = [asyncio.create_task(telegram.push(number)) for number in range(IN_HAND + 50)]
        await asyncio.sleep(0.5)
        store.open.set()

        assert await asyncio.gather(*pushed) == [200] * (IN_HAND + 50)


async def test_a_poisonous_update_fails_alone(serve, store):
    store.poison = {13}
    async with serve() as telegram:
        store.open.clear()
        pushed = [asyncio.create_task(telegram.push(number)) for number in range(20)]
        await asyncio.sleep(0.2)
        store.open.set()
        statuses = await asyncio.gather(*pushed)

    assert statuses == [503 if number == 13 else 200 for number in range(20)]
    assert sorted(store.ids) == [number for number in range(20) if number != 13]


async def test_who_waits_too_long_is_told_to_come_again_and_holds_up_nobody(serve, store):
    async def slow():
        yield b'{"update_id": 1'
        await asyncio.sleep(0.6)
        yield b"}"

    async with serve(answer_s=0.3) as telegram:
        async with telegram.client.post(telegram.url, data=slow(), headers={SECRET_HEADER: SECRET}) as response:
            assert response.status == 503
        store.open.clear()
        assert await telegram.push(2) == 503
        assert await telegram.push(3) == 503
        store.open.set()
        assert await telegram.push(4) == 200

    # 2 was being stored when its request was given up; 3 had only been waiting.
    assert [len(call) for call in store.calls] == [1, 1]
    assert store.ids == [2, 4]


async def test_a_client_that_goes_away_does_no_harm(serve, store, caplog):
    async with serve() as telegram:
        store.open.clear()
        pushed = asyncio.create_task(telegram.push(1))
        await asyncio.sleep(0.1)
        pushed.cancel()
        await asyncio.gather(pushed, return_exceptions=True)
        store.open.set()

        assert await telegram.push(2) == 200

    assert store.ids == [1, 2]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_stopping_finishes_the_requests_in_hand(store):
    server = WebhookServer("https://support.example/hook", 0, SECRET, store, host="127.0.0.1")
    await server.start()
    url = f"http://127.0.0.1:{server.port}/hook"
    async with aiohttp.ClientSession() as client:
        telegram = Telegram(client, url)
        store.open.clear()
        pushed = [asyncio.create_task(telegram.push(number)) for number in range(3)]
        # Being stored or waiting for it: only then all are in hand, however slow the machine.
        async with asyncio.timeout(10):
            while len(store.asked) + server._writer._queue.qsize() < 3:  # noqa: ASYNC110  # what waits there tells nobody
                await asyncio.sleep(0.01)

        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.2)
        with pytest.raises(aiohttp.ClientConnectorError):
            await telegram.push(4)
        store.open.set()

        assert await asyncio.gather(*pushed) == [200] * 3
        await stopping
    assert sorted(store.ids) == [0, 1, 2]


async def test_a_port_that_is_taken_is_a_sentence(store):
    first = WebhookServer("https://support.example", 0, SECRET, store, host="127.0.0.1")
    await first.start()
    second = WebhookServer("https://support.example", first.port, SECRET, store, host="127.0.0.1")

    with pytest.raises(StartError, match=f"WEBHOOK_PORT {first.port}"):
        await second.start()

    await second.stop()
    await first.stop()


def test_the_secret_is_the_one_given_or_derived_from_the_token_alike_everywhere():
    assert webhook_secret("1:token", "given") == "given"
    assert webhook_secret("1:token") == webhook_secret("1:token")
    assert webhook_secret("1:token") != webhook_secret("2:token")
    assert len(webhook_secret("1:token")) == 64
    assert "token" not in webhook_secret("1:token")


async def test_what_telegram_pushes_is_stored_once_although_the_database_was_away(bot, people, database, eventually):
    handled = []

    async def handle(unit, update):
        handled.append(update["message"]["text"])

    inbox = Inbox(1, database, Units(database, lambda: None), handle, handle)
    handling = asyncio.create_task(inbox.run())
    failures = [ConnectionRefusedError(), TimeoutError()]

    async def store(updates):
        if failures:
            raise failures.pop()
        await inbox.store(updates)

    secret = webhook_secret(bot.token)
    server = WebhookServer("http://127.0.0.1/hook", 0, secret, store, host="127.0.0.1")
    await server.start()
    await people.say(ANNA, "before")
    await set_webhook(bot, f"http://127.0.0.1:{server.port}/hook", secret)
    await people.say(EMMA, "after")

    async def both():
        return len(handled) == 2 and not (await people.state())["updates_pending"]

    await eventually(both)
    await bot.delete_webhook()
    await server.stop()
    await inbox.stop()
    handling.cancel()
    await asyncio.gather(handling, return_exceptions=True)

    assert sorted(handled) == ["after", "before"]
    assert failures == []


async def test_another_bots_webhook_reaches_nothing(bot, people, serve, store, eventually):
    async with serve() as telegram:
        await set_webhook(bot, telegram.url, "another-secret")
        await people.say(ANNA, "hello")

        async def refused():
            return (await bot.get_webhook_info()).last_error_message

        assert "403" in await eventually(refused)
        await bot.delete_webhook()

    assert store.calls == []
