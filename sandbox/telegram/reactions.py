"""Emoji under messages."""

from sandbox.telegram.chats import Chat
from sandbox.telegram.errors import Json
from sandbox.telegram.state import World

# Bot API, ReactionTypeEmoji: the emoji that may be used as a reaction.
REACTIONS = frozenset((
    "❤", "👍", "👎", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩", "🤮", "💩",
    "🙏", "👌", "🕊", "🤡", "🥱", "🥴", "😍", "🐳", "❤\u200d🔥", "🌚", "🌭", "💯", "🤣", "⚡", "🍌", "🏆",
    "💔", "🤨", "😐", "🍓", "🍾", "💋", "🖕", "😈", "😴", "😭", "🤓", "👻", "👨\u200d💻", "👀", "🎃", "🙈",
    "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅", "🎄", "☃", "💅", "🤪", "🗿", "🆒", "💘", "🙉", "🦄",
    "😘", "💊", "🙊", "😎", "👾", "🤷\u200d♂", "🤷", "🤷\u200d♀", "😡",
))  # fmt: skip


def set_reaction(world: World, chat: Chat, message_id: int, user: Json, emoji: list[str]) -> list[str]:
    """Replace somebody's reactions to a message and show it; returns what was there before."""
    by_user = chat.reactions.setdefault(message_id, {})
    before = by_user.pop(user["id"], [])
    if emoji:
        by_user[user["id"]] = emoji
    if before != emoji:
        world.changed()
    if world.events.heard:
        view = world.view(chat, chat.messages[message_id])
        world.events.publish("reaction", chat_id=chat.id, message_id=message_id, reactions=view["reactions"])
    return before
