"""What a test orders over HTTP that people could not do: faults, and the journal that proves what the bot did."""

from aiohttp import web
from pydantic import Field

from sandbox.answering import answering
from sandbox.bodies import Body, read
from sandbox.bot_api import WORLD
from sandbox.telegram.errors import ActionError, Json
from sandbox.telegram.faults import HANG_S, Fault, Kind


class NewFault(Body):
    """``POST /sandbox/faults``."""

    method: str | list[str]
    kind: Kind = "error"
    times: int | None = Field(default=1, ge=1)
    probability: float = Field(default=1.0, ge=0.0, le=1.0)
    error_code: int | None = Field(default=None, ge=400, le=599)
    description: str | None = None
    parameters: Json | None = None
    retry_after: int | None = Field(default=None, ge=1)
    chat_id: int | None = None
    hang_s: float = Field(default=HANG_S, ge=0.0)
    html: bool = False


class Seed(Body):
    """``POST /sandbox/seed``."""

    seed: int


def routes() -> list[web.RouteDef]:
    """Routes of the switches."""
    return [
        web.get("/sandbox/faults", answering(_faults)),
        web.post("/sandbox/faults", answering(_order_fault)),
        web.delete("/sandbox/faults", answering(_clear_faults)),
        web.post("/sandbox/seed", answering(_seed)),
        web.get("/sandbox/journal", answering(_journal)),
    ]


async def _faults(request: web.Request) -> Json:
    return {"faults": [fault.view() for fault in request.app[WORLD].faults.ordered()]}


async def _order_fault(request: web.Request) -> Json:
    body = await read(request, NewFault)
    request.app[WORLD].faults.add(Fault(**body.model_dump()))
    return {}


async def _clear_faults(request: web.Request) -> Json:
    request.app[WORLD].faults.clear()
    return {}


async def _seed(request: web.Request) -> Json:
    request.app[WORLD].random.seed((await read(request, Seed)).seed)
    return {}


async def _journal(request: web.Request) -> Json:
    after = request.query.get("after", "0")
    if not after.isdecimal():
        raise ActionError("after: a whole number is expected")
    journal = request.app[WORLD].journal
    return {"calls": journal.after(int(after)), "pauses": journal.pauses()}
