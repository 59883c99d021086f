"""What lies behind the outcomes that the desk returns."""

from support.tables import TurnRow


async def turn_of(session, outcome):
    """Return the turn whose job an outcome starts."""
    return await session.get_one(TurnRow, outcome.job.turn_id)
