"""The Bot API as one function: token, method and parameters in, a result or a refusal out."""

import inspect
from collections.abc import Mapping

from sandbox.telegram import schema
from sandbox.telegram.calls import Call, Method
from sandbox.telegram.errors import ApiError, Json
from sandbox.telegram.files import Upload
from sandbox.telegram.methods import editing, profile, sending, topics
from sandbox.telegram.state import World

METHODS: dict[str, Method] = {**sending.METHODS, **editing.METHODS, **topics.METHODS, **profile.METHODS}

# An edit counts as a send, a new topic as a message.
_COUNTED = frozenset(
    {name for name in METHODS if name.startswith(("send", "copy", "forward", "editMessage"))}
    - {"sendChatAction", "sendMessageDraft"}
    | {"createForumTopic", "editForumTopic", "closeForumTopic", "reopenForumTopic"}
)
_SILENT = frozenset({"getUpdates"})


async def call(world: World, token: str, name: str, params: Json, uploads: Mapping[str, Upload]) -> object:
    """Answer one call.

    Raises:
        ApiError: the refusal, worded as Telegram words it.
    """
    if token != world.token:
        raise ApiError(401, "Unauthorized")
    method = schema.method_names().get(name.lower())
    if method is None:
        raise ApiError(404, "Not Found")
    world.calls[method] += 1
    try:
        result = await _answer(world, method, params, uploads)
    except ApiError as error:
        world.events.publish("call", method=method, ok=False, error=error.description)
        raise
    if method not in _SILENT:
        world.events.publish("call", method=method, ok=True)
    return result


async def _answer(world: World, method: str, params: Json, uploads: Mapping[str, Upload]) -> object:
    checked = Call(schema.check(method, params), uploads)
    world.faults.strike(method, checked.get("chat_id"))
    handler = METHODS.get(method)
    if handler is None:
        raise ApiError(501, f"Not Implemented: the sandbox does not have the method {method}")
    if world.flood is not None and method in _COUNTED:
        _count(world, checked)
    result = handler(world, checked)
    return await result if inspect.isawaitable(result) else result


def _count(world: World, checked: Call) -> None:
    if world.flood is None or checked.get("chat_id") is None:
        return
    chat = world.find_chat(checked.get("chat_id"))
    amount = len(checked.get("media", ())) if isinstance(checked.get("media"), list) else 1
    wait_s = world.flood.take(chat.id, private=chat.private, amount=max(amount, len(checked.get("message_ids", ()))))
    if wait_s is not None:
        raise ApiError(429, f"Too Many Requests: retry after {wait_s}", {"retry_after": wait_s})
