"""The Bot API over HTTP: ``/bot<token>/<method>`` and ``/file/bot<token>/<path>``."""

import json

from aiohttp import BodyPartReader, web
from aiohttp.hdrs import METH_GET

from sandbox import transport
from sandbox.telegram import api
from sandbox.telegram.errors import ApiError, Json, unauthorized
from sandbox.telegram.files import Upload
from sandbox.telegram.state import World

WORLD = web.AppKey("world", World)


def routes() -> list[web.RouteDef]:
    """Routes of the Bot API."""
    return [
        web.route("*", "/bot{token}/{method}", answer),
        web.get("/file/bot{token}/{path:.+}", download),
    ]


async def answer(request: web.Request) -> web.Response:
    """One call, in any of the forms that Telegram takes."""
    world, name = request.app[WORLD], request.match_info["method"]
    uploads: dict[str, Upload] = {}
    try:
        params = await _params(request, uploads)
    except ApiError as error:
        given = api.refuse(world, name, error)
    except UnicodeError:
        given = api.refuse(world, name, ApiError(400, "Bad Request: strings must be encoded in UTF-8"))
    else:
        given = await api.call(world, request.match_info["token"], name, params, uploads)
    proper = _json({"ok": True, "result": given.result}, 200) if given.error is None else _refusal(given.error)
    return await transport.deliver(request, given.fault, proper)


async def download(request: web.Request) -> web.Response:
    """The bytes of a file."""
    world = request.app[WORLD]
    if request.match_info["token"] != world.token or world.revoked:
        return _refusal(unauthorized())
    stored = world.files.at(request.match_info["path"])
    if stored is None or not stored.downloadable:
        return _refusal(ApiError(404, "Not Found"))
    return web.Response(body=stored.upload.data, content_type="application/octet-stream")


def _refusal(error: ApiError) -> web.Response:
    body: Json = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return _json(body, error.code)


def _json(body: Json, status: int) -> web.Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type="application/json")


async def _params(request: web.Request, uploads: dict[str, Upload]) -> Json:
    params: Json = dict(request.query)
    if request.method == METH_GET or not request.can_read_body:
        return params
    if request.content_type == "application/json":
        try:
            body = await request.json()
        except ValueError as error:
            raise ApiError(400, "Bad Request: can't parse request JSON object") from error
        if not isinstance(body, dict):
            raise ApiError(400, "Bad Request: object expected as request body")
        return params | body
    if request.content_type.startswith("multipart/"):
        return params | await _multipart(request, uploads)
    return params | {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


async def _multipart(request: web.Request, uploads: dict[str, Upload]) -> Json:
    """Text fields; a file becomes a parameter of its own name unless another field attaches it."""
    params: Json = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise ApiError(400, "Bad Request: nested multipart bodies are not supported")
        data = bytes(await part.read(decode=True))
        if part.filename is None:
            params[part.name] = data.decode()
        else:
            uploads[part.name] = Upload(data, part.filename, part.headers.get("Content-Type"))
    attached = " ".join(value for value in params.values() if "attach://" in value)
    for name, upload in uploads.items():
        if f"attach://{name}" not in attached:
            params[name] = upload
    return params
