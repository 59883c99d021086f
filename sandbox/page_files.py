"""The web page's files: ``/`` and ``/page/…``."""

from pathlib import Path

from aiohttp import web

PAGE = Path(__file__).parent / "page"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


def page_routes() -> list[web.RouteDef]:
    """Routes of the page."""
    return [web.get("/", _index), web.get("/page/{path:.+}", _file)]


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})


async def _file(request: web.Request) -> web.FileResponse:
    path = (PAGE / request.match_info["path"]).resolve()
    if not path.is_relative_to(PAGE.resolve()) or not path.is_file():
        raise web.HTTPNotFound
    headers = {"Cache-Control": "no-cache"}
    if path.suffix in _TYPES:
        # What the machine's own table says of .js may be a type that browsers refuse for modules.
        headers["Content-Type"] = _TYPES[path.suffix]
    return web.FileResponse(path, headers=headers)
