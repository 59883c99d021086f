"""How an answer travels to the bot: at once, late, as a proxy's page, or not at all."""

import asyncio
import struct
from http import HTTPStatus
from socket import SO_LINGER, SOL_SOCKET

from aiohttp import web

from sandbox.telegram.faults import Fault

STOPPING = web.AppKey("stopping", asyncio.Event)
"""Set when the server stops: nobody is kept waiting then."""
LOOK_S = 0.05


async def deliver(request: web.Request, fault: Fault | None, proper: web.Response) -> web.Response:
    """Send the proper answer as the fault wants it: what is returned need not reach anybody."""
    if fault is None:
        return proper
    match fault.kind:
        case "slow":
            await _wait(request, fault.hang_s)
            return proper
        case "hang" | "hang_after":
            await _wait(request, fault.hang_s)
            return _torn(request)
        case "reset" | "reset_after":
            return _torn(request)
        case "garbage" | "garbage_after":
            return _page(HTTPStatus.OK)
        case "error" | "error_after":
            return _page(proper.status) if fault.html else proper


async def _wait(request: web.Request, seconds: float) -> None:
    """Until the time is over, the client has given up, or the server stops."""
    stopping = request.app[STOPPING]
    until = asyncio.get_running_loop().time() + seconds
    while request.transport is not None and not request.transport.is_closing() and not stopping.is_set():
        left = until - asyncio.get_running_loop().time()
        if left <= 0:
            return
        await asyncio.sleep(min(left, LOOK_S))


def _torn(request: web.Request) -> web.Response:
    """Tear the connection down so that the client's system says «connection reset»."""
    transport = request.transport
    if transport is not None:
        socket = transport.get_extra_info("socket")
        # Linger for no time: close() then sends RST instead of FIN.
        socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


def _page(status: int) -> web.Response:
    """What stands in front of Telegram's servers answers so when it cannot reach them."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n"
    )
    return web.Response(text=text, status=status, content_type="text/html")
