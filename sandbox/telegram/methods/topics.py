"""Topics of a forum group."""

from sandbox.telegram.calls import GENERAL_THREAD_ID, Call, Method, require_right
from sandbox.telegram.chats import TOPIC_COLORS, Chat, Topic
from sandbox.telegram.errors import Json, bad_request
from sandbox.telegram.state import World

NAME_LIMIT = 128


def create_forum_topic(world: World, call: Call) -> Json:
    """Open a topic; names are cut at 128 characters, not refused."""
    chat = _forum(world, call, "create a topic")
    name = call.get("name").strip()[:NAME_LIMIT]
    if not name:
        raise bad_request("TOPIC_TITLE_EMPTY")
    color = call.get("icon_color", TOPIC_COLORS[0])
    if color not in TOPIC_COLORS:
        raise bad_request("TOPIC_ICON_COLOR_INVALID")
    topic = open_topic(world, chat, world.bot, name, color=color, emoji_id=call.get("icon_custom_emoji_id"))
    created: Json = {"message_thread_id": topic.thread_id, "name": name, "icon_color": color}
    if topic.icon_custom_emoji_id:
        created["icon_custom_emoji_id"] = topic.icon_custom_emoji_id
    return created


def open_topic(
    world: World,
    chat: Chat,
    opener: Json,
    name: str,
    *,
    color: int = TOPIC_COLORS[0],
    emoji_id: str | None = None,
) -> Topic:
    """Post the service message that opens a topic, and keep the topic."""
    created: Json = {"name": name, "icon_color": color}
    if emoji_id:
        created["icon_custom_emoji_id"] = emoji_id
    thread_id = chat.last_message_id + 1
    topic = chat.topics[thread_id] = Topic(chat.id, thread_id, name, color, emoji_id)
    world.show_topic(topic)
    world.post(chat, opener, {"forum_topic_created": created})
    return topic


def edit_forum_topic(world: World, call: Call) -> bool:
    """Rename a topic or change its icon."""
    chat = _forum(world, call, "edit the topic")
    topic = _topic(chat, call)
    name = call.get("name", topic.name).strip()[:NAME_LIMIT] or topic.name
    emoji_id = call.get("icon_custom_emoji_id", topic.icon_custom_emoji_id) or None
    changes: Json = {}
    if name != topic.name:
        changes["name"] = name
    if emoji_id != topic.icon_custom_emoji_id:
        changes["icon_custom_emoji_id"] = emoji_id or ""
    if not changes:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.name, topic.icon_custom_emoji_id = name, emoji_id
    world.show_topic(topic)
    world.post(chat, world.bot, {"forum_topic_edited": changes}, thread_id=topic.thread_id)
    return True


def close_forum_topic(world: World, call: Call) -> bool:
    """Close a topic."""
    return _set_closed(world, call, closed=True)


def reopen_forum_topic(world: World, call: Call) -> bool:
    """Open a closed topic again."""
    return _set_closed(world, call, closed=False)


def _set_closed(world: World, call: Call, *, closed: bool) -> bool:
    chat = _forum(world, call, "close the topic" if closed else "reopen the topic")
    topic = _topic(chat, call)
    if topic.closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    set_closed(world, chat, topic, world.bot, closed=closed)
    return True


def set_closed(world: World, chat: Chat, topic: Topic, actor: Json, *, closed: bool) -> None:
    """Close or reopen a topic, with the service message that says so."""
    topic.closed = closed
    world.show_topic(topic)
    content: Json = {"forum_topic_closed": {}} if closed else {"forum_topic_reopened": {}}
    world.post(chat, actor, content, thread_id=topic.thread_id)


def delete_forum_topic(world: World, call: Call) -> bool:
    """Delete a topic with all its messages."""
    chat = _forum(world, call, "delete the topic")
    if not chat.may(world.bot["id"], "can_delete_messages"):
        raise bad_request("not enough rights to delete the topic")
    remove_topic(world, chat, _topic(chat, call))
    return True


def remove_topic(world: World, chat: Chat, topic: Topic) -> None:
    """Take a topic and its messages away."""
    del chat.topics[topic.thread_id]
    for message in list(chat.messages.values()):
        if message.get("message_thread_id") == topic.thread_id:
            world.remove(chat, message["message_id"])
    world.show_topic(topic, deleted=True)


def get_forum_topic_icon_stickers(_world: World, _call: Call) -> list[Json]:
    """Custom emoji for topics: the sandbox has none."""
    return []


def _forum(world: World, call: Call, what: str) -> Chat:
    chat = world.chat_for_bot(call.get("chat_id"))
    if not chat.forum:
        raise bad_request("the chat is not a forum")
    require_right(world, chat, "can_manage_topics", what)
    return chat


def _topic(chat: Chat, call: Call) -> Topic:
    thread_id = call.get("message_thread_id")
    topic = chat.topics.get(thread_id)
    if topic is None or thread_id == GENERAL_THREAD_ID:
        raise bad_request("TOPIC_ID_INVALID")
    return topic


METHODS: dict[str, Method] = {
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "closeForumTopic": close_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
    "deleteForumTopic": delete_forum_topic,
    "getForumTopicIconStickers": get_forum_topic_icon_stickers,
}
