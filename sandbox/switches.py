"""What a test orders over HTTP that people could not do, and the journal by which it proves what the bot did."""

from aiohttp import web
from pydantic import Field

from sandbox.answering import answering
from sandbox.bodies import Body, read
from sandbox.bot_api import WORLD
from sandbox.telegram import groups
from sandbox.telegram.errors import ActionError, Json
from sandbox.telegram.faults import HANG_S, Fault, Kind
from sandbox.telegram.groups import GroupAction


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


class UpdateFaults(Body):
    """``POST /sandbox/updates/faults``."""

    duplicate: int | None = Field(default=None, ge=1)
    reorder: int | None = Field(default=None, ge=2)
    hold_s: float | None = Field(default=None, gt=0.0)


class RawUpdate(Body):
    """``POST /sandbox/updates``: anything; ``kind=None`` is an update without contents."""

    kind: str | None
    body: object = None


class Restart(Body):
    """``POST /sandbox/updates/restart``."""

    next_id: int = Field(ge=1)


class Token(Body):
    """``POST /sandbox/token``."""

    revoked: bool


class GroupChange(Body):
    """``POST /sandbox/groups``."""

    chat_id: int
    action: GroupAction
    by: int | None = None
    lacks: list[str] = Field(default_factory=list)
    new_id: int | None = None


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
        web.post("/sandbox/token", answering(_revoke_token)),
        web.post("/sandbox/groups", answering(_change_group)),
        web.post("/sandbox/updates", answering(_put_update)),
        web.post("/sandbox/updates/faults", answering(_order_update_faults)),
        web.delete("/sandbox/updates/faults", answering(_clear_update_faults)),
        web.post("/sandbox/updates/restart", answering(_restart_updates)),
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


async def _put_update(request: web.Request) -> Json:
    body = await read(request, RawUpdate)
    if body.kind == "update_id":
        raise ActionError("kind: an update's id is not for you to choose; see updates/restart")
    content = {} if body.kind is None else {body.kind: body.body}
    return {"update_id": request.app[WORLD].updates.put(content)}


async def _order_update_faults(request: web.Request) -> Json:
    body = await read(request, UpdateFaults)
    updates = request.app[WORLD].updates
    if body.duplicate is not None:
        updates.duplicate(body.duplicate)
    if body.reorder is not None:
        updates.reorder(body.reorder, body.hold_s)
    elif body.hold_s is not None:
        updates.hold(body.hold_s)
    return {}


async def _clear_update_faults(request: web.Request) -> Json:
    request.app[WORLD].updates.duplicate(0)
    request.app[WORLD].updates.release()
    return {}


async def _restart_updates(request: web.Request) -> Json:
    request.app[WORLD].updates.restart((await read(request, Restart)).next_id)
    return {}


async def _revoke_token(request: web.Request) -> Json:
    request.app[WORLD].revoke_token(revoked=(await read(request, Token)).revoked)
    return {}


async def _change_group(request: web.Request) -> Json:
    body = await read(request, GroupChange)
    return {"chat_id": groups.change(request.app[WORLD], **body.model_dump())}
