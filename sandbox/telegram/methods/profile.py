"""The bot itself: who it is, its commands and descriptions, how it gets updates; chats it asks about; files."""

import re

from sandbox.telegram.belongings import Webhook
from sandbox.telegram.calls import Call, Method
from sandbox.telegram.errors import Json, bad_request
from sandbox.telegram.state import World

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}


def get_me(world: World, _call: Call) -> Json:
    """Who the bot is."""
    return world.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy_mode,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def log_out(_world: World, _call: Call) -> bool:
    """Leave the cloud server: there is no other here, nothing changes."""
    return True


def _commands_key(call: Call) -> str:
    scope: Json = call.get("scope") or {"type": "default"}
    return "/".join([*(str(scope[name]) for name in sorted(scope)), call.get("language_code", "")])


def set_my_commands(world: World, call: Call) -> bool:
    """Set the menu of commands for a scope and a language."""
    for command in call.get("commands"):
        if not _COMMAND.fullmatch(command["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:  # noqa: PLR2004 - Bot API, BotCommand
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.profile.commands[_commands_key(call)] = call.get("commands")
    world.changed()
    return True


def get_my_commands(world: World, call: Call) -> list[Json]:
    """The menu of commands for exactly this scope and language."""
    return world.profile.commands.get(_commands_key(call), [])


def delete_my_commands(world: World, call: Call) -> bool:
    """Drop the menu of a scope and a language."""
    world.profile.commands.pop(_commands_key(call), None)
    world.changed()
    return True


def _text_setter(kind: str) -> Method:
    def set_text(world: World, call: Call) -> bool:
        text = call.get(kind, "")
        if len(text) > _TEXT_LIMITS[kind]:
            raise bad_request(f"bot {kind.replace('_', ' ')} is too long")
        world.profile.descriptions[f"{kind}/{call.get('language_code', '')}"] = text
        world.changed()
        return True

    return set_text


def _text_getter(kind: str) -> Method:
    def get_text(world: World, call: Call) -> Json:
        texts = world.profile.descriptions
        default = world.bot["first_name"] if kind == "name" else ""
        return {kind: texts.get(f"{kind}/{call.get('language_code', '')}", texts.get(f"{kind}/", default))}

    return get_text


async def get_updates(world: World, call: Call) -> list[Json]:
    """Confirm what came before ``offset`` and return what did not."""
    world.updates.allow(call.get("allowed_updates"))
    return await world.updates.poll(
        offset=call.get("offset", 0), limit=call.get("limit", 100), timeout_s=call.get("timeout", 0)
    )


def set_webhook(world: World, call: Call) -> bool:
    """Push updates to an address from now on; an empty one means getUpdates again."""
    if not call.get("url"):
        return delete_webhook(world, call)
    if not call.get("url").startswith(("https://", "http://")):
        raise bad_request("bad webhook: an address like https://host/path is expected")
    secret = call.get("secret_token", "")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    world.updates.allow(call.get("allowed_updates"))
    if call.get("drop_pending_updates"):
        world.updates.clear()
    world.set_webhook(Webhook(call.get("url"), secret))
    return True


def delete_webhook(world: World, call: Call) -> bool:
    """Stop pushing updates."""
    if call.get("drop_pending_updates"):
        world.updates.clear()
    world.set_webhook(None)
    return True


def get_webhook_info(world: World, _call: Call) -> Json:
    """Where updates are pushed and how many wait."""
    info: Json = {
        "url": world.webhook.url if world.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
    }
    if world.webhook_error is not None:
        info["last_error_date"], info["last_error_message"] = world.webhook_error
    if world.updates.allowed is not None:
        info["allowed_updates"] = world.updates.allowed
    return info


def get_chat(world: World, call: Call) -> Json:
    """Everything about a chat."""
    chat = world.chat_to_read(call.get("chat_id"))
    full: Json = {**chat.info, "accent_color_id": 0, "max_reaction_count": 11}
    full["accepted_gift_types"] = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    if chat.pinned:
        full["pinned_message"] = chat.messages[chat.pinned[-1]]
    return full


def get_chat_member(world: World, call: Call) -> Json:
    """What somebody is in a chat."""
    chat = world.chat_to_read(call.get("chat_id"))
    user_id = call.get("user_id")
    user = world.bot if user_id == world.bot["id"] else world.users.get(user_id)
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return chat.members.get(user_id, {"user": user, "status": "member" if chat.private else "left"})


def get_chat_administrators(world: World, call: Call) -> list[Json]:
    """Creator and administrators of a group; other bots would be left out, the bot itself is not."""
    chat = world.chat_for_bot(call.get("chat_id"))
    if chat.private:
        raise bad_request("there are no administrators in the private chat")
    return [found for user_id, found in chat.members.items() if chat.is_admin(user_id)]


def get_chat_member_count(world: World, call: Call) -> int:
    """How many people and bots are in a chat."""
    chat = world.chat_for_bot(call.get("chat_id"))
    return 2 if chat.private else sum(found["status"] not in {"left", "kicked"} for found in chat.members.values())


def get_file(world: World, call: Call) -> Json:
    """Where to download a file."""
    stored = world.files.get(call.get("file_id"))
    if stored is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    return stored.description()


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "logOut": log_out,
    "close": log_out,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _text_setter("name"),
    "getMyName": _text_getter("name"),
    "setMyDescription": _text_setter("description"),
    "getMyDescription": _text_getter("description"),
    "setMyShortDescription": _text_setter("short_description"),
    "getMyShortDescription": _text_getter("short_description"),
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "getFile": get_file,
}
