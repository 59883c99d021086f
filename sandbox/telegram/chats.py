"""Chats with their members, messages, topics and reactions."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.telegram.errors import Json

ADMIN_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories", "can_send_welcome_messages", "can_pin_messages", "can_manage_topics",
)  # fmt: skip
_NOT_GRANTED = frozenset({"can_be_edited", "is_anonymous", "can_promote_members"})
TOPIC_COLORS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)

SERVICE_FIELDS = frozenset(
    {
        "forum_topic_created", "forum_topic_edited", "forum_topic_closed", "forum_topic_reopened", "pinned_message",
        "new_chat_members", "left_chat_member", "migrate_to_chat_id", "migrate_from_chat_id",
    }
)  # fmt: skip

Right = Literal["can_delete_messages", "can_pin_messages", "can_manage_topics"]


@dataclass(slots=True)
class Topic:
    """One topic of a forum; its id is that of the service message that opened it."""

    chat_id: int
    thread_id: int
    name: str
    icon_color: int
    icon_custom_emoji_id: str | None = None
    closed: bool = False

    def view(self) -> Json:
        """The topic as the client API shows it."""
        return {
            "chat_id": self.chat_id,
            "thread_id": self.thread_id,
            "name": self.name,
            "closed": self.closed,
            "icon_color": self.icon_color,
        }


@dataclass(slots=True)
class Chat:
    """A private chat with the bot, or a group."""

    info: Json
    """The Bot API's Chat object."""
    members: dict[int, Json] = field(default_factory=dict)
    """ChatMember objects by user id; empty in a private chat."""
    messages: dict[int, Json] = field(default_factory=dict)
    keyboards: dict[int, Json] = field(default_factory=dict)
    """Reply keyboards and their removals by message id: they are no part of the bot's Message."""
    topics: dict[int, Topic] = field(default_factory=dict)
    reactions: dict[int, dict[int, list[str]]] = field(default_factory=dict)
    """Emoji by message id and user id."""
    pinned: list[int] = field(default_factory=list)
    blocked: bool = False
    """The person has blocked the bot."""
    migrated_to: int | None = None
    """The supergroup that this group has become."""
    last_message_id: int = 0

    @property
    def id(self) -> int:
        """Telegram's chat id; that of a person in a private chat."""
        chat_id: int = self.info["id"]
        return chat_id

    @property
    def private(self) -> bool:
        """Whether it is one person's chat with the bot."""
        return bool(self.info["type"] == "private")

    @property
    def forum(self) -> bool:
        """Whether it has topics."""
        return bool(self.info.get("is_forum"))

    def may(self, user_id: int, right: Right) -> bool:
        """Whether a member is an administrator with this right; in a private chat everybody may."""
        if self.private:
            return True
        member = self.members.get(user_id, {})
        return member.get("status") == "creator" or (
            member.get("status") == "administrator" and bool(member.get(right))
        )

    def is_admin(self, user_id: int) -> bool:
        """Whether a member is the creator or an administrator."""
        return self.members.get(user_id, {}).get("status") in {"creator", "administrator"}


def is_service(message: Json) -> bool:
    """Whether a message tells of something that happened, instead of carrying somebody's words."""
    return not SERVICE_FIELDS.isdisjoint(message)


def member(user: Json, status: str, *, without: frozenset[str] = frozenset()) -> Json:
    """A ChatMember object; an administrator has every usual right but those in ``without``."""
    base: Json = {"user": user, "status": status}
    match status:
        case "administrator":
            return base | {right: right not in without | _NOT_GRANTED for right in ADMIN_RIGHTS}
        case "creator":
            return base | {"is_anonymous": False}
        case "kicked":
            return base | {"until_date": 0}
        case _:
            return base
