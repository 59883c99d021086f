"""What the client API's handlers have in common: JSON out, and a sentence where something cannot be done."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.telegram.errors import ActionError, Json

Handler = Callable[[web.Request], Awaitable[Json]]


def answering(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Turn what a handler returns, or its ActionError, into a response."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return json_response(await handler(request))
        except ActionError as error:
            return json_response({"error": str(error)}, error.status)

    return answer


def json_response(body: Json, status: int = 200) -> web.Response:
    """A response with JSON in it."""
    return web.json_response(body, status=status, dumps=dumps)


def dumps(body: object) -> str:
    """JSON as short as it gets, with letters of every alphabet as they are."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
