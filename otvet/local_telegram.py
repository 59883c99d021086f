"""The process of the demo that plays Telegram, and shows what the bot decided from the bot's own database."""

import asyncio
import signal
from typing import Any

from sandbox import server
from sandbox.tour import run_tour
from sandbox.world import demo_world
from support.database import Database
from support.decisions import decision_for
from support.settings import Settings


async def serve(settings: Settings, port: int) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        OSError: the port is taken.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    database = Database(settings.sql_url)

    async def decisions(chat_id: int, message_id: int) -> dict[str, Any] | None:
        return await decision_for(database, chat_id, message_id)

    async with server.serve(demo_world(), port=port, decisions=decisions, run_tour=run_tour):
        await stopped.wait()
    await database.close()
