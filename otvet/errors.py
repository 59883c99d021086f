"""Errors of the command line.

CommandError                what the user must put right: one sentence, exit 2
└── RedisUnavailableError   neither an embedded redis-server nor a REDIS_URL that works
"""

CONFIGURATION_EXIT = 2


class CommandError(Exception):
    """Something the user must put right; the message says what is wrong and what to do."""


class RedisUnavailableError(CommandError):
    """There is no Redis to work with."""
