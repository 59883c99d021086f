import asyncio
import contextlib

from prometheus_client import CollectorRegistry

from bot.metrics import Metrics
from bot.metrics_server import MetricsServer
from otvet.metrics_diagnosis import examine_metrics
from support.settings import Settings


@contextlib.asynccontextmanager
async def served(registry):
    server = MetricsServer(registry, "127.0.0.1", 0)
    task = asyncio.create_task(server.run())
    async with asyncio.timeout(10):
        while not server._runner.addresses:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    yield server.port
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def told(**settings):
    return [f"{one.mark} {one.sentence}" for one in await examine_metrics(Settings(_env_file=None, **settings))]


async def test_the_doctor_finds_the_bots_metrics_and_tells_them_from_others():
    assert await told() == []
    async with served(Metrics().registry) as port:
        [said] = await told(metrics_port=port)
        assert said == f"✓ METRICS_PORT: the metrics are at http://127.0.0.1:{port}/metrics."
        _, opened = await told(metrics_port=port, metrics_host="0.0.0.0")  # noqa: S104
        assert opened.startswith("! METRICS_HOST 0.0.0.0")
    async with served(CollectorRegistry()) as port:
        assert "is not the bot" in (await told(metrics_port=port))[0]
    assert "is the bot running?" in (await told(metrics_port=port))[0]


async def test_a_port_that_is_taken_does_not_end_the_bot():
    async with served(CollectorRegistry()) as port:
        second = MetricsServer(CollectorRegistry(), "127.0.0.1", port)
        task = asyncio.create_task(second.run())
        await asyncio.sleep(0.1)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
