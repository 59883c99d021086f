"""Sending: text, media, albums, copies, forwards, previews and chat actions."""

from collections.abc import Callable

from sandbox.telegram.calls import CAPTION_LIMIT, Call, Method, check_thread, formatted_caption, formatted_text, send
from sandbox.telegram.chats import is_service
from sandbox.telegram.entities import format_text, utf16_length
from sandbox.telegram.errors import ApiError, Json, bad_request
from sandbox.telegram.files import MEDIA_KINDS, PHOTO_LIMIT, UPLOAD_LIMIT, StoredFile, Upload, image_size, in_message
from sandbox.telegram.methods.objects import copied
from sandbox.telegram.state import World

ALBUM_SIZES = range(2, 11)
COPIES_AT_ONCE = 100
PREVIEW_LIMIT = 4096
ACTIONS = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
        "choose_sticker", "find_location", "record_video_note", "upload_video_note",
    }
)  # fmt: skip
CONTENT_FIELDS = frozenset(
    {"text", "entities", "caption", "caption_entities", "location", "venue", "contact", "dice", "poll", *MEDIA_KINDS}
)
_EXTRAS = ("duration", "width", "height", "emoji", "length", "performer", "title")


def send_message(world: World, call: Call) -> Json:
    """Send text, to one member of a group alone if the call says so."""
    only_for = _only_for(world, call)
    sent = send(world, call, formatted_text(call) | only_for)
    return {**sent, "message_id": 0} if only_for else sent


def _only_for(world: World, call: Call) -> Json:
    given = call.get("ephemeral_message_parameters")
    if given is None:
        return {}
    chat = world.chat_for_bot(call.get("chat_id"))
    member = chat.members.get(given["receiver_user_id"])
    if chat.private or member is None or member["status"] in {"left", "kicked"}:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return {"receiver_user": member["user"], "ephemeral_message_id": chat.last_message_id + 1}


def _sender_of(kind: str) -> Method:
    def send_media(world: World, call: Call) -> Json:
        stored = resolve(world, call, kind, call.get(kind), call.params)
        return send(world, call, in_message(kind, stored) | formatted_caption(call.params))

    return send_media


def resolve(world: World, call: Call, kind: str, value: object, extra: Json) -> StoredFile:
    """The file that a parameter means: an upload, ``attach://field`` or the id of a known file.

    Raises:
        ApiError: unknown id, wrong kind, an empty or too large upload; addresses are never fetched here.
    """
    if isinstance(value, str) and value.startswith("attach://"):
        value = call.uploads.get(value.removeprefix("attach://"))
    match value:
        case Upload():
            _check_upload(kind, value)
            return world.files.add(kind, value, {name: extra[name] for name in _EXTRAS if name in extra})
        case str() if value.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content (the sandbox fetches nothing)")
        case str():
            stored = world.files.get(value)
            if stored is None:
                raise bad_request("wrong file identifier/HTTP URL specified")
            if stored.kind != kind:
                raise bad_request(f"can't use file of type {stored.kind.title()} as {kind.title()}")
            return stored
    raise bad_request(f"there is no {kind} in the request")


def _check_upload(kind: str, upload: Upload) -> None:
    if not upload.data:
        raise bad_request("file must be non-empty")
    if len(upload.data) > UPLOAD_LIMIT:
        raise ApiError(413, "Request Entity Too Large")
    if kind == "photo":
        if len(upload.data) > PHOTO_LIMIT:
            raise bad_request(f"file of size {len(upload.data)} bytes is too big for a photo")
        if image_size(upload.data) is None:
            raise bad_request("IMAGE_PROCESS_FAILED")


def send_media_group(world: World, call: Call) -> list[Json]:
    """Send an album: its messages share one media_group_id."""
    items: list[Json] = call.get("media")
    if len(items) not in ALBUM_SIZES:
        raise bad_request("media group must include 2-10 items")
    _check_mixture([item["type"] for item in items])
    contents = []
    for item in items:
        stored = resolve(world, call, item["type"], item["media"], item)
        contents.append(in_message(item["type"], stored) | formatted_caption(item))
    chat = world.chat_for_bot(call.get("chat_id"))
    group_id = f"{chat.id}-{chat.last_message_id + 1}"
    return [send(world, call, content | {"media_group_id": group_id}) for content in contents]


def _check_mixture(kinds: list[str]) -> None:
    for alone in ("document", "audio"):
        if alone in kinds and set(kinds) != {alone}:
            raise bad_request(f"{alone} can't be mixed with other media types")


def copy_message(world: World, call: Call) -> Json:
    """Send a copy without a link to the original; a caption may be replaced."""
    source = world.find_chat(call.get("from_chat_id"))
    original = source.messages.get(call.get("message_id"))
    if original is None:
        raise bad_request("message to copy not found")
    if not _passes_on(original):
        raise bad_request("message can't be copied")
    return {"message_id": send(world, call, _copied(world, original, call.params))["message_id"]}


def forward_message(world: World, call: Call) -> Json:
    """Send a copy that says whom it is from."""
    source = world.find_chat(call.get("from_chat_id"))
    original = source.messages.get(call.get("message_id"))
    if original is None:
        raise bad_request("message to forward not found")
    if not _passes_on(original):
        raise bad_request("message can't be forwarded")
    return send(world, call, _forwarded(original))


def copy_messages(world: World, call: Call) -> list[Json]:
    """Copy several messages in order; those that cannot be found are skipped, albums stay together."""
    params: Json = {"caption": ""} if call.get("remove_caption") else {}
    return _send_several(world, call, lambda original: _copied(world, original, params))


def forward_messages(world: World, call: Call) -> list[Json]:
    """Forward several messages in order; those that cannot be found are skipped, albums stay together."""
    return _send_several(world, call, _forwarded)


def _send_several(world: World, call: Call, content_of: Callable[[Json], Json]) -> list[Json]:
    ids: list[int] = call.get("message_ids")
    if not 1 <= len(ids) <= COPIES_AT_ONCE:
        raise bad_request("there must be 1-100 message identifiers")
    if ids != sorted(set(ids)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    source, target = world.find_chat(call.get("from_chat_id")), world.chat_for_bot(call.get("chat_id"))
    known = [source.messages[message_id] for message_id in ids if message_id in source.messages]
    originals = [original for original in known if _passes_on(original)]
    if not originals:
        raise bad_request("there are no messages to copy or forward")
    batch = f"{target.id}-{target.last_message_id + 1}"
    sent = []
    for original in originals:
        content = content_of(original)
        if "media_group_id" in original:
            content["media_group_id"] = f"{original['media_group_id']}-{batch}"
        sent.append({"message_id": send(world, call, content)["message_id"]})
    return sent


def _passes_on(message: Json) -> bool:
    return not is_service(message) and not message.get("has_protected_content")


def _copied(world: World, original: Json, params: Json) -> Json:
    content = {name: value for name, value in original.items() if name in CONTENT_FIELDS}
    if params.get("caption") is not None and not content.keys().isdisjoint(MEDIA_KINDS):
        content = {name: value for name, value in content.items() if name not in {"caption", "caption_entities"}}
        content |= formatted_caption(params)
    if utf16_length(content.get("caption", "")) > CAPTION_LIMIT:
        # Premium users write longer captions than a bot may send.
        raise bad_request("message caption is too long")
    return copied(world, content)


def _forwarded(original: Json) -> Json:
    content = {name: value for name, value in original.items() if name in CONTENT_FIELDS}
    origin = {"type": "user", "sender_user": original["from"], "date": original["date"]}
    return content | {"forward_origin": original.get("forward_origin", origin)}


def send_message_draft(world: World, call: Call) -> bool:
    """Show a preview of an answer that is being written; only people see it, nothing is kept."""
    chat = world.chat_for_bot(call.get("chat_id"))
    if not chat.private:
        raise bad_request("chat not found")
    if call.get("draft_id") == 0:
        raise bad_request("draft_id must be non-zero")
    text, entities = format_text(call.get("text", ""), call.get("parse_mode"), call.get("entities"))
    if utf16_length(text) > PREVIEW_LIMIT:
        raise bad_request("message is too long")
    thread_id = call.get("message_thread_id")
    check_thread(world, chat, thread_id)
    world.changed()
    world.events.publish(
        "preview",
        chat_id=chat.id,
        thread_id=thread_id,
        draft_id=call.get("draft_id"),
        text=text,
        entities=entities,
        can_stop=bool(call.get("can_stop")),
    )
    return True


def send_chat_action(world: World, call: Call) -> bool:
    """Show what the bot is doing."""
    chat = world.chat_for_bot(call.get("chat_id"))
    if call.get("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    check_thread(world, chat, call.get("message_thread_id"))
    world.changed()
    world.actions.start(chat.id, call.get("message_thread_id"), call.get("action"))
    return True


_MEDIA_METHODS = {
    "sendPhoto": "photo",
    "sendVoice": "voice",
    "sendAudio": "audio",
    "sendDocument": "document",
    "sendSticker": "sticker",
    "sendVideo": "video",
    "sendVideoNote": "video_note",
    "sendAnimation": "animation",
}

METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    **{name: _sender_of(kind) for name, kind in _MEDIA_METHODS.items()},
    "sendMediaGroup": send_media_group,
    "copyMessage": copy_message,
    "copyMessages": copy_messages,
    "forwardMessage": forward_message,
    "forwardMessages": forward_messages,
    "sendMessageDraft": send_message_draft,
    "sendChatAction": send_chat_action,
}
