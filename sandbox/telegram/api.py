"""The Bot API as one function: token, method and parameters in; out comes what the bot is told, if it is told."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.telegram import schema
from sandbox.telegram.calls import Call, Method
from sandbox.telegram.errors import ApiError, Json, unauthorized
from sandbox.telegram.faults import Fault
from sandbox.telegram.files import Upload
from sandbox.telegram.journal import Changes, Entry
from sandbox.telegram.methods import editing, objects, profile, sending, topics
from sandbox.telegram.state import World

METHODS: dict[str, Method] = {
    **sending.METHODS,
    **objects.METHODS,
    **editing.METHODS,
    **topics.METHODS,
    **profile.METHODS,
}

# An edit counts as a send, a new topic as a message.
COUNTED = frozenset(
    {name for name in METHODS if name.startswith(("send", "copy", "forward", "editMessage"))}
    - {"sendChatAction", "sendMessageDraft"}
    | {"createForumTopic", "editForumTopic", "closeForumTopic", "reopenForumTopic"}
)
_SILENT = frozenset({"getUpdates"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A result or a refusal; with a fault of another kind than an error it does not reach the bot as it stands."""

    result: object = None
    error: ApiError | None = None
    fault: Fault | None = None

    @property
    def ok(self) -> bool:
        """Whether the bot reads ``ok: true``."""
        return self.error is None and (self.fault is None or self.fault.kind == "slow")


async def call(world: World, token: str, name: str, params: Json, uploads: Mapping[str, Upload]) -> Answer:
    """Answer one call: everything that Telegram does with it, faults included, except the way back."""
    method = schema.method_names().get(name.lower())
    entry = _entry(world, method or name, params)
    changes = Changes()
    try:
        checked = _checked(world, token, method, params, uploads)
    except (ApiError, UnicodeError) as error:
        return _finish(world, entry, Answer(error=_refusal(error)), changes)
    fault = world.faults.strike(entry.method, entry.chat_id)
    answer = Answer(fault=fault)
    if fault is None or fault.takes_effect:
        answer = await _effect(world, entry.method, checked, changes)
    if fault is not None:
        own = answer.error if fault.kind == "slow" else None
        answer = Answer(answer.result, fault.refusal or own, fault)
    return _finish(world, entry, answer, changes)


def refuse(world: World, name: str, error: ApiError) -> Answer:
    """Refuse a call whose body cannot be read."""
    return _finish(world, _entry(world, name, {}), Answer(error=error), Changes())


def _checked(world: World, token: str, method: str | None, params: Json, uploads: Mapping[str, Upload]) -> Call:
    if token != world.token or world.revoked:
        raise unauthorized()
    if method is None:
        raise ApiError(404, "Not Found")
    world.calls[method] += 1
    return Call(schema.check(method, params), uploads)


async def _effect(world: World, method: str, checked: Call, changes: Changes) -> Answer:
    handler = METHODS.get(method)
    if handler is None:
        return Answer(error=ApiError(501, f"Not Implemented: the sandbox does not have the method {method}"))
    try:
        if method in COUNTED:
            _count(world, checked)
        with world.watching(changes):
            result = handler(world, checked)
        return Answer(await result if inspect.isawaitable(result) else result)
    except (ApiError, UnicodeError) as error:
        return Answer(error=_refusal(error))


def _refusal(error: ApiError | UnicodeError) -> ApiError:
    if isinstance(error, ApiError):
        return error
    return ApiError(400, "Bad Request: strings must be encoded in UTF-8")


def _count(world: World, checked: Call) -> None:
    if world.flood is None or checked.get("chat_id") is None:
        return
    chat = world.find_chat(checked.get("chat_id"))
    amount = len(checked.get("media", ())) if isinstance(checked.get("media"), list) else 1
    wait_s = world.flood.take(chat.id, private=chat.private, amount=max(amount, len(checked.get("message_ids", ()))))
    if wait_s is not None:
        raise ApiError(429, f"Too Many Requests: retry after {wait_s}", {"retry_after": wait_s})


def _entry(world: World, method: str, params: Json) -> Entry:
    """The call as the journal knows it; nothing is checked yet, and form fields come as text."""
    chat_id = _chat_id(world, params.get("chat_id"))
    about = [params.get("message_id"), *_listed(params.get("message_ids"))]
    media = _listed(params.get("media"))
    captions = (item.get("caption") for item in media if isinstance(item, dict))
    words = [params.get("text"), params.get("caption"), *captions]
    text = next((given for given in words if isinstance(given, str) and given), None)
    return Entry(
        world.clock(),
        method,
        chat_id,
        _whole(params.get("message_thread_id")),
        text=None if text is None else text.encode(errors="replace").decode(),
        about=[number for number in map(_whole, about) if number is not None],
        from_chat_id=_chat_id(world, params.get("from_chat_id")),
        in_pause=world.journal.paused(method, chat_id),
    )


def _listed(value: object) -> list[object]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    return value if isinstance(value, list) else []


def _whole(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None


def _chat_id(world: World, value: object) -> int | None:
    if isinstance(value, str) and value.startswith("@"):
        found = (chat.id for chat in world.chats.values() if f"@{chat.info.get('username')}" == value)
        return next(found, None)
    return _whole(value)


def _finish(world: World, entry: Entry, answer: Answer, changes: Changes) -> Answer:
    entry.ok, entry.effect, entry.message_ids = answer.ok, changes.seen, changes.message_ids
    entry.fault = answer.fault.kind if answer.fault is not None else None
    said: Json = {}
    if answer.error is not None:
        entry.error_code, entry.description = answer.error.code, answer.error.description
        if answer.error.code == 429:  # noqa: PLR2004 - Too Many Requests
            entry.retry_after = (answer.error.parameters or {}).get("retry_after")
        said["error"] = answer.error.description
    if entry.fault is not None:
        said["fault"] = entry.fault
    if said or entry.method not in _SILENT:
        world.journal.record(entry)
        world.events.publish("call", method=entry.method, ok=answer.ok, **said)
    return answer
