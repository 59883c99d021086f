"""People's side over HTTP: what their Telegram apps would do. Bodies and answers are JSON, see CONTRACT.md."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import WSCloseCode, web

from sandbox import bodies
from sandbox.answering import answering, dumps, json_response
from sandbox.bot_api import WORLD
from sandbox.telegram import people
from sandbox.telegram.errors import ActionError, Json

Decisions = Callable[[int, int], Awaitable[Json | None]]
"""Why the bot did what it did with a message: (chat_id, message_id) → decision."""
StartTour = Callable[[str, str], Awaitable[None]]
"""Play the tour: (language, address of this sandbox)."""

DECISIONS: web.AppKey[Decisions | None] = web.AppKey("decisions")
START_TOUR: web.AppKey[StartTour | None] = web.AppKey("start_tour")
_LISTENERS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("listeners")
_TOUR: web.AppKey[list[asyncio.Task[None]]] = web.AppKey("tour")

HEARTBEAT_S = 30.0


def add_to(app: web.Application) -> None:
    """Add the client API to the sandbox's application."""
    app[_LISTENERS] = set()
    app[_TOUR] = []
    for method, path, handler in (
        ("GET", "/sandbox/state", _state),
        ("POST", "/sandbox/users", _add_user),
        ("POST", "/sandbox/messages", _say),
        ("POST", "/sandbox/contacts", _share_contact),
        ("POST", "/sandbox/edits", _edit),
        ("POST", "/sandbox/deletions", _delete),
        ("POST", "/sandbox/callbacks", _press),
        ("GET", "/sandbox/callbacks/{id}", _callback),
        ("POST", "/sandbox/reactions", _react),
        ("POST", "/sandbox/blocks", _block),
        ("POST", "/sandbox/stops", _stop),
        ("POST", "/sandbox/topics", _create_topic),
        ("POST", "/sandbox/topics/changes", _change_topic),
        ("GET", "/sandbox/decisions", _decision),
        ("POST", "/sandbox/tour", _tour),
        ("POST", "/sandbox/tour/steps", _tour_step),
    ):
        app.router.add_route(method, path, answering(handler))
    app.router.add_get("/sandbox/files/{file_id}", _file)
    app.router.add_get("/sandbox/events", _events)
    app.on_shutdown.append(_close)


async def _state(request: web.Request) -> Json:
    world = request.app[WORLD]
    chats = [chat for chat in world.chats.values() if chat.migrated_to is None]
    return {
        "bot": world.bot,
        "users": list(world.users.values()),
        "chats": [chat.info for chat in chats],
        "members": {str(chat.id): list(chat.members.values()) for chat in chats if not chat.private},
        "topics": [topic.view() for chat in chats if chat.forum for topic in chat.topics.values()],
        "messages": [world.view(chat, message) for chat in chats for message in chat.messages.values()],
        "typing": world.actions.shown(),
        "blocked": [chat.id for chat in chats if chat.blocked],
        "counters": {"calls_by_method": dict(world.calls)},
        "commands": world.profile.commands,
        "updates_pending": len(world.updates),
    }


async def _add_user(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.NewUser)
    return request.app[WORLD].add_user(**body.model_dump())


async def _say(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.NewMessage)
    world = request.app[WORLD]
    message = people.say(
        world, body.chat_id, body.user_id, body.words(), thread_id=body.thread_id, reply_to=body.reply_to
    )
    return world.view(world.chat(body.chat_id), message)


async def _share_contact(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.NewContact)
    world = request.app[WORLD]
    message = people.share_contact(world, **body.model_dump())
    return world.view(world.chat(body.chat_id), message)


async def _edit(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.Edit)
    world = request.app[WORLD]
    message = people.edit(world, **body.model_dump())
    return world.view(world.chat(body.chat_id), message)


async def _delete(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.Deletion)
    people.delete(request.app[WORLD], body.chat_id, body.message_id, body.user_id)
    return {}


async def _press(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.Press)
    callback = people.press(request.app[WORLD], body.chat_id, body.message_id, body.user_id, body.data)
    return {"callback_query_id": callback.id}


async def _callback(request: web.Request) -> Json:
    callback = request.app[WORLD].callbacks.get(request.match_info["id"])
    if callback is None:
        raise ActionError("there is no such callback query", status=404)
    shown = {name: value for name, value in asdict(callback).items() if name in {"answered", "text", "show_alert"}}
    return {name: value for name, value in shown.items() if value is not None}


async def _react(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.Reaction)
    people.react(request.app[WORLD], body.chat_id, body.message_id, body.user_id, body.emoji)
    return {}


async def _block(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.Block)
    people.block(request.app[WORLD], body.user_id, blocked=body.blocked)
    return {}


async def _stop(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.Stop)
    people.stop_generation(request.app[WORLD], body.chat_id, body.user_id, body.draft_id)
    return {}


async def _create_topic(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.NewTopic)
    return people.create_topic(request.app[WORLD], body.chat_id, body.user_id, body.name)


async def _change_topic(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.TopicChange)
    people.change_topic(request.app[WORLD], body.chat_id, body.user_id, body.thread_id, body.action)
    return {}


async def _decision(request: web.Request) -> Json:
    try:
        chat_id, message_id = int(request.query["chat_id"]), int(request.query["message_id"])
    except (KeyError, ValueError) as error:
        raise ActionError("chat_id and message_id are expected, both whole numbers") from error
    decisions = request.app[DECISIONS]
    return {"decision": None if decisions is None else await decisions(chat_id, message_id)}


async def _tour(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.TourRequest)
    start = request.app[START_TOUR]
    if start is None:
        raise ActionError("this sandbox has no tour", status=404)
    tasks = request.app[_TOUR]
    if any(not task.done() for task in tasks):
        raise ActionError("a tour is under way")
    tasks[:] = [asyncio.create_task(_play(request.app, start, body.language, str(request.url.origin())))]
    return {}


async def _play(app: web.Application, start: StartTour, language: str, url: str) -> None:
    """Play the tour to its end; whatever stops it, the page is told that it is over."""
    try:
        await start(language, url)
    except Exception as error:  # noqa: BLE001 - a task's edge: the error is told where a person waits
        app[WORLD].events.publish(
            "tour", step=0, of=0, title="", text=f"{type(error).__name__}: {error}", done=True, failed=True
        )


async def _tour_step(request: web.Request) -> Json:
    body = await bodies.read(request, bodies.TourStep)
    request.app[WORLD].events.publish("tour", **body.model_dump(exclude_none=True))
    return {}


async def _file(request: web.Request) -> web.Response:
    """A file's bytes for people's apps, which know no token."""
    stored = request.app[WORLD].files.get(request.match_info["file_id"])
    if stored is None:
        return json_response({"error": "there is no such file"}, 404)
    mime_type = stored.upload.mime_type or stored.media.get("mime_type") or "application/octet-stream"
    headers = {"Content-Type": mime_type, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return web.Response(body=stored.upload.data, headers=headers)


async def _events(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S)
    await socket.prepare(request)
    listeners = request.app[_LISTENERS]
    listeners.add(socket)
    with request.app[WORLD].events.listen() as queue:
        await socket.send_str(dumps({"type": "hello"}))
        sender = asyncio.create_task(_forward(queue, socket))
        try:
            async for _ in socket:
                pass
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            listeners.discard(socket)
    return socket


async def _forward(queue: asyncio.Queue[Json], socket: web.WebSocketResponse) -> None:
    while True:
        await socket.send_str(dumps(await queue.get()))


async def _close(app: web.Application) -> None:
    for task in app[_TOUR]:
        task.cancel()
    await asyncio.gather(*app[_TOUR], return_exceptions=True)
    listeners = app[_LISTENERS]
    for socket in tuple(listeners):
        await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the sandbox stops")
