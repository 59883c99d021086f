"""Watching: how well the bot does, what it cannot answer, whether customers ask about something else than before."""
