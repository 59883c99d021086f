"""The web page's files."""

from pathlib import Path

from aiohttp import web

PAGE = Path(__file__).parent / "page"


def page_routes() -> list[web.AbstractRouteDef]:
    """``/`` and ``/static/…``; nothing where the page is not installed."""
    if not PAGE.is_dir():
        return []
    return [web.get("/", _index), web.static("/static", PAGE)]


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})
