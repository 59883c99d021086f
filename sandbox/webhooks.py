"""Delivery by webhook: one update at a time, again until it is answered 2xx, the first retry at once."""

import asyncio

import aiohttp

from sandbox.telegram.belongings import Webhook
from sandbox.telegram.state import World

TIMEOUT_S = 10.0
RETRY_DELAYS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


async def deliver(world: World) -> None:
    """Push updates whenever a webhook is set, until cancelled."""
    failures = 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
        while True:
            webhook, update = world.webhook, world.updates.first()
            if webhook is None or update is None or world.revoked:
                await world.updates.changed()
                continue
            error = await _post(session, webhook, update)
            if world.webhook is not webhook:
                failures = 0
            elif error is None:
                failures = 0
                world.updates.done(update)
            else:
                world.webhook_error = (int(world.clock()), error)
                await asyncio.sleep(RETRY_DELAYS_S[min(failures, len(RETRY_DELAYS_S) - 1)])
                failures += 1


async def _post(session: aiohttp.ClientSession, webhook: Webhook, update: dict[str, object]) -> str | None:
    headers = {SECRET_HEADER: webhook.secret_token} if webhook.secret_token else {}
    try:
        async with session.post(webhook.url, json=update, headers=headers) as response:
            if response.ok:
                return None
            return f"Wrong response from the webhook: {response.status} {response.reason}"
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"Connection failed: {type(error).__name__}"
