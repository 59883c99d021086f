"""What becomes of a group, and of the bot in it, by the hands of its people."""

from collections.abc import Sequence
from typing import Literal

from sandbox.telegram.chats import ADMIN_RIGHTS, Chat, member
from sandbox.telegram.errors import ActionError, Json
from sandbox.telegram.state import World, without_reply

# An administrator who stays anonymous acts under this name; so does Telegram where nobody did anything.
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
FIRST_SUPERGROUP_ID = -1002000000001
IN = frozenset({"administrator", "member"})


GroupAction = Literal[
    "remove_bot", "add_bot", "demote_bot", "promote_bot", "enable_topics", "disable_topics", "migrate", "delete"
]  # fmt: skip


def change(
    world: World,
    chat_id: int,
    action: GroupAction,
    *,
    by: int | None = None,
    lacks: Sequence[str] = (),
    new_id: int | None = None,
) -> int:
    """Do one of the things below; returns the group's id, which is another one after ``migrate``.

    Raises:
        ActionError: it is not possible, or has been done already.
    """
    match action:
        case "remove_bot":
            remove_bot(world, chat_id, by)
        case "add_bot":
            add_bot(world, chat_id, by)
        case "demote_bot":
            demote_bot(world, chat_id, by)
        case "promote_bot":
            promote_bot(world, chat_id, by, lacks=lacks)
        case "enable_topics" | "disable_topics":
            set_topics(world, chat_id, enabled=action == "enable_topics")
        case "migrate":
            return migrate(world, chat_id, new_id)
        case "delete":
            delete(world, chat_id)
    return chat_id


def remove_bot(world: World, chat_id: int, by: int | None = None) -> None:
    """Remove the bot: of the service message in a supergroup Telegram tells it nothing."""
    chat = _group(world, chat_id, IN)
    actor = _actor(chat, by)
    _set_bot(world, chat, actor, member(world.bot, "kicked"))
    world.post(chat, actor, {"left_chat_member": world.bot})


def add_bot(world: World, chat_id: int, by: int | None = None) -> None:
    """Add the bot as a member, without any right."""
    chat = _group(world, chat_id, frozenset({"left", "kicked"}))
    actor = _actor(chat, by)
    _set_bot(world, chat, actor, member(world.bot, "member"))
    world.post(chat, actor, {"new_chat_members": [world.bot]})


def demote_bot(world: World, chat_id: int, by: int | None = None) -> None:
    """Take all rights from the bot; it stays a member."""
    chat = _group(world, chat_id, frozenset({"administrator"}))
    _set_bot(world, chat, _actor(chat, by), member(world.bot, "member"))


def promote_bot(world: World, chat_id: int, by: int | None = None, *, lacks: Sequence[str] = ()) -> None:
    """Make the bot an administrator, or change its rights: the usual ones without ``lacks``."""
    chat = _group(world, chat_id, IN)
    unknown = set(lacks) - set(ADMIN_RIGHTS)
    if unknown:
        raise ActionError(f"lacks: there is no right called {min(unknown)}")
    _set_bot(world, chat, _actor(chat, by), member(world.bot, "administrator", without=frozenset(lacks)))


def set_topics(world: World, chat_id: int, *, enabled: bool) -> None:
    """Turn topics on or off: they stay, and are back when they are turned on again. Telegram tells the bot nothing."""
    chat = _group(world, chat_id)
    if chat.forum == enabled:
        raise ActionError("nothing to do: the group is like that already")
    info = {name: value for name, value in chat.info.items() if name != "is_forum"}
    chat.info = info | ({"is_forum": True} if enabled else {})
    world.events.publish("chat", chat=info | {"is_forum": enabled})


def migrate(world: World, chat_id: int, new_id: int | None = None) -> int:
    """Turn a group into a supergroup with another id, which is returned; everything moves, the old id only refers.

    Telegram moves no topics, because only a supergroup has them: here they keep their ids, as messages do.
    """
    old = _group(world, chat_id)
    new_id = new_id or min(FIRST_SUPERGROUP_ID, *world.chats) - 1
    if new_id >= 0 or new_id in world.chats:
        raise ActionError("new_id: a free negative id is expected")
    info = {**old.info, "id": new_id, "type": "supergroup"}
    new = Chat(
        info,
        members=old.members,
        messages={number: _moved(message, info) for number, message in old.messages.items()},
        keyboards=old.keyboards,
        topics=old.topics,
        reactions=old.reactions,
        pinned=old.pinned,
        last_message_id=old.last_message_id,
    )
    for topic in new.topics.values():
        topic.chat_id = new_id
    old.info = {name: value for name, value in old.info.items() if name != "is_forum"} | {"type": "group"}
    world.chats[new_id] = new
    _tell_migration(world, old, new)
    return new_id


def _tell_migration(world: World, old: Chat, new: Chat) -> None:
    actor, bot = _actor(old, None), new.members[world.bot["id"]]
    outside = {"user": world.bot, "status": "left"}
    if bot["status"] in IN:
        world.updates.push("my_chat_member", _change(world, new, actor, outside, bot))
    world.post(old, actor, {"migrate_to_chat_id": new.id})
    old.messages, old.members, old.migrated_to = {}, {}, new.id
    world.post(new, ANONYMOUS, {"migrate_from_chat_id": old.id, "sender_chat": new.info})
    world.events.publish("chat", chat=new.info)
    world.events.publish("chat_gone", chat_id=old.id, migrated_to=new.id)


def delete(world: World, chat_id: int) -> None:
    """Delete a group with everything in it: the bot is told that it is no longer in there."""
    chat = _group(world, chat_id)
    if chat.members[world.bot["id"]]["status"] in IN:
        _set_bot(world, chat, _actor(chat, None), member(world.bot, "left"))
    del world.chats[chat_id]
    world.events.publish("chat_gone", chat_id=chat_id)


def _moved(message: Json, info: Json) -> Json:
    moved = {**message, "chat": info}
    if "reply_to_message" in message:
        moved["reply_to_message"] = without_reply({**message["reply_to_message"], "chat": info})
    return moved


def _group(world: World, chat_id: int, needed: frozenset[str] | None = None) -> Chat:
    chat = world.chat(chat_id)
    if chat.private:
        raise ActionError("this is a person's chat, not a group")
    status = chat.members.setdefault(world.bot["id"], member(world.bot, "left"))["status"]
    if needed is not None and status not in needed:
        raise ActionError(f"nothing to do: the bot is {status} there")
    return chat


def _actor(chat: Chat, user_id: int | None) -> Json:
    """Who does it: the person given, else the first administrator among the people, else somebody anonymous."""
    if user_id is not None:
        if not chat.is_admin(user_id):
            raise ActionError(f"user {user_id} is no administrator of the group")
        user: Json = chat.members[user_id]["user"]
        return user
    people = (found["user"] for found in chat.members.values() if chat.is_admin(found["user"]["id"]))
    return next((user for user in people if not user["is_bot"]), ANONYMOUS)


def _set_bot(world: World, chat: Chat, actor: Json, new: Json) -> None:
    old = chat.members[world.bot["id"]]
    if old == new:
        raise ActionError("nothing to do: the bot is like that already")
    chat.members[world.bot["id"]] = new
    world.updates.push("my_chat_member", _change(world, chat, actor, old, new))


def _change(world: World, chat: Chat, actor: Json, old: Json, new: Json) -> Json:
    date = int(world.clock())
    return {"chat": chat.info, "from": actor, "date": date, "old_chat_member": old, "new_chat_member": new}
