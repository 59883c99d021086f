"""``GET /metrics`` on METRICS_HOST:METRICS_PORT; a port that cannot be had does not stop the bot."""

import asyncio

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

log = structlog.get_logger()


class MetricsServer:
    """Serves one registry."""

    def __init__(self, registry: CollectorRegistry, host: str, port: int) -> None:
        self._registry = registry
        self._address = (host, port)
        app = web.Application()
        app.router.add_get("/metrics", self._show)
        self._runner = web.AppRunner(app, access_log=None)

    @property
    def port(self) -> int:
        """The port listened on; known once the server runs."""
        return int(self._runner.addresses[0][1])

    async def run(self) -> None:
        """Serve until cancelled."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._address).start()
        except OSError as error:
            log.error("no metrics: METRICS_PORT cannot be listened on", port=self._address[1], error=error.strerror)
        try:
            await asyncio.Event().wait()
        finally:
            await self._runner.cleanup()

    async def _show(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})
