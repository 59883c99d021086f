"""The bot's database, worked on beside a command."""

import asyncio

from support.database import Database


class Beside:
    """A database by its address."""

    def __init__(self, url):
        self.url = url

    def do(self, work):
        """Run ``work(session)`` in a transaction, as the bot would beside the command."""

        async def run():
            database = Database(self.url)
            try:
                async with database.writing() as session:
                    return await work(session)
            finally:
                await database.close()

        return asyncio.run(run())
