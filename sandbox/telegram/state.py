"""The whole state of one sandbox: one bot, its people and chats; methods and people change it through here."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Literal

from sandbox.telegram.belongings import Callback, Profile, Webhook
from sandbox.telegram.chat_actions import ChatActions
from sandbox.telegram.chats import Chat, Right, Topic, is_service, member
from sandbox.telegram.errors import ActionError, ApiError, Json, bad_request, forbidden, unauthorized
from sandbox.telegram.events import EventStream
from sandbox.telegram.faults import Faults
from sandbox.telegram.files import FileStore
from sandbox.telegram.journal import Changes, Journal
from sandbox.telegram.limits import FloodLimits
from sandbox.telegram.updates import UpdateQueue


class World:
    """One bot and everything around it; ``clock`` gives Unix seconds, ``limits`` turns Telegram's flood limits on."""

    def __init__(
        self,
        *,
        token: str,
        username: str,
        first_name: str = "Otvet",
        limits: bool = False,
        privacy_mode: bool = True,
        clock: Callable[[], float] = time.time,
        first_update_id: int = 1,
        seed: int | None = None,
    ) -> None:
        self.token = token
        self.clock = clock
        self.privacy_mode = privacy_mode
        self.bot: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": first_name,
            "username": username,
        }
        self.users: dict[int, Json] = {}
        self.phones: dict[int, str] = {}
        self.chats: dict[int, Chat] = {}
        self.files = FileStore()
        self.events = EventStream()
        self.random = Random(seed)  # noqa: S311 - chance in tests, repeatable by its seed
        self.updates = UpdateQueue(first_update_id, self.random)
        self.faults = Faults(self.random)
        self.journal = Journal(clock)
        self.flood = FloodLimits(clock) if limits else None
        self.calls: Counter[str] = Counter()
        self.callbacks: dict[str, Callback] = {}
        self.profile = Profile()
        self.webhook: Webhook | None = None
        self.revoked = False
        self.webhook_error: tuple[int, str] | None = None
        """When and why the last delivery failed."""
        self.actions = ChatActions(clock, self.events)
        self._private_message_id = 0
        self._changes: Changes | None = None

    @contextmanager
    def watching(self, changes: Changes) -> Iterator[None]:
        """Note in ``changes`` what happens meanwhile; only for code that does not await."""
        self._changes, before = changes, self._changes
        try:
            yield
        finally:
            self._changes = before

    def changed(self, message_id: int | None = None) -> None:
        """Note for the journal that people see something new, perhaps a new message."""
        if self._changes is not None:
            self._changes.seen = True
            self._changes.message_ids += [] if message_id is None else [message_id]

    # People and chats

    def add_user(
        self,
        first_name: str,
        *,
        user_id: int | None = None,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
        phone: str | None = None,
    ) -> Json:
        """Add a person together with their private chat with the bot."""
        if user_id is None:
            user_id = max(self.users, default=100) + 1
        names = {"first_name": first_name, "last_name": last_name, "username": username}
        given = {name: value for name, value in names.items() if value}
        user: Json = {"id": user_id, "is_bot": False, **given}
        if language_code:
            user["language_code"] = language_code
        self.users[user_id] = user
        if phone:
            self.phones[user_id] = phone
        self.chats[user_id] = Chat({"id": user_id, "type": "private", **given})
        self.events.publish("user", user=user)
        return user

    def add_group(
        self,
        chat_id: int,
        title: str,
        *,
        forum: bool = True,
        bot_status: Literal["administrator", "member", "left", "kicked"] = "administrator",
        bot_lacks: frozenset[Right] = frozenset(),
    ) -> Chat:
        """Add a supergroup; ``bot_lacks`` names rights that the bot as administrator does not have."""
        info: Json = {"id": chat_id, "type": "supergroup", "title": title}
        if forum:
            info["is_forum"] = True
        members = {self.bot["id"]: member(self.bot, bot_status, without=bot_lacks)}
        # Message 1 is the group's creation, and General's thread id: no topic may get it.
        chat = Chat(info, members=members, last_message_id=1)
        self.chats[chat_id] = chat
        self.events.publish("chat", chat=info)
        return chat

    def add_member(
        self, chat_id: int, user_id: int, status: Literal["creator", "administrator", "member"] = "member"
    ) -> None:
        """Make a person a member of a group."""
        self.chat(chat_id).members[user_id] = member(self.users[user_id], status)

    def chat(self, chat_id: int) -> Chat:
        """The chat with this id.

        Raises:
            ActionError: there is none, or it has become another one.
        """
        chat = self.chats.get(chat_id)
        if chat is None:
            raise ActionError(f"there is no chat {chat_id}", status=404)
        if chat.migrated_to is not None:
            raise ActionError(f"this group has become the supergroup {chat.migrated_to}")
        return chat

    def chat_for_bot(self, chat_id: int | str) -> Chat:
        """The chat that a call names, if the bot may write to it.

        Raises:
            ApiError: unknown, left, blocked, or moved to a supergroup.
        """
        chat = self.find_chat(chat_id)
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if not chat.private:
            self._check_kicked(chat)
            if chat.members.get(self.bot["id"], {}).get("status") in {"left", None}:
                raise forbidden(f"bot is not a member of the {chat.info['type']} chat")
        return chat

    def chat_to_read(self, chat_id: int | str) -> Chat:
        """The chat that a call asks about; from whom has kicked the bot it learns nothing."""
        chat = self.find_chat(chat_id)
        self._check_kicked(chat)
        return chat

    def _check_kicked(self, chat: Chat) -> None:
        if chat.members.get(self.bot["id"], {}).get("status") == "kicked":
            raise forbidden(f"bot was kicked from the {chat.info['type']} chat")

    def find_chat(self, chat_id: int | str) -> Chat:
        """The chat that a call names by id or @username.

        Raises:
            ApiError: «chat not found», or moved to a supergroup.
        """
        if isinstance(chat_id, str):
            found = (chat for chat in self.chats.values() if f"@{chat.info.get('username')}" == chat_id)
            chat = next((chat for chat in found if not chat.private), None)
        else:
            chat = self.chats.get(chat_id)
        if chat is None:
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            moved = {"migrate_to_chat_id": chat.migrated_to}
            raise ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", moved)
        return chat

    def revoke_token(self, *, revoked: bool) -> None:
        """Let every call be answered 401, the long poll under way included; nothing is pushed meanwhile."""
        self.revoked = revoked
        if revoked:
            self.updates.interrupt(unauthorized())
        self.updates.switch(webhook_active=self.webhook is not None)

    def set_webhook(self, webhook: Webhook | None) -> None:
        """Push updates there from now on, or let the bot poll again."""
        self.webhook, self.webhook_error = webhook, None
        self.updates.switch(webhook_active=webhook is not None)

    # Messages

    def post(
        self,
        chat: Chat,
        sender: Json,
        content: Json,
        *,
        thread_id: int | None = None,
        reply_to: Json | None = None,
        keyboard: Json | None = None,
    ) -> Json:
        """Put a message into a chat, show it to people, and give the bot its update if it is the bot's to see."""
        message_id = self._new_message_id(chat)
        message: Json = {"message_id": message_id, "from": sender, "chat": chat.info, "date": int(self.clock())}
        message |= content
        if "forum_topic_created" in content:
            thread_id = message_id
        if thread_id is not None:
            message |= {"message_thread_id": thread_id, "is_topic_message": True}
            if reply_to is None and thread_id != message_id:
                reply_to = chat.messages.get(thread_id)
        if reply_to is not None:
            message["reply_to_message"] = without_reply(reply_to)
        chat.messages[message_id] = message
        self.changed(message_id)
        if keyboard is not None:
            chat.keyboards[message_id] = keyboard
        if sender["is_bot"]:
            self.actions.stop(chat.id, thread_id)
        self.show("message", chat, message)
        if self.hears_of(chat, message):
            self.updates.push("message", message)
        return message

    def replace(self, chat: Chat, message: Json) -> None:
        """Store a changed copy of a message (updates that wait keep the old one) and show it to people."""
        chat.messages[message["message_id"]] = message
        self.changed()
        self.show("message_edited", chat, message)

    def remove(self, chat: Chat, message_id: int) -> None:
        """Delete a message for everybody; the bot hears nothing of it."""
        del chat.messages[message_id]
        chat.keyboards.pop(message_id, None)
        chat.reactions.pop(message_id, None)
        if message_id in chat.pinned:
            chat.pinned.remove(message_id)
        self.changed()
        self.events.publish("message_deleted", chat_id=chat.id, message_id=message_id)

    def show(self, kind: str, chat: Chat, message: Json) -> None:
        """Publish a message as people see it."""
        if self.events.heard:
            self.events.publish(kind, message=self.view(chat, message))

    def view(self, chat: Chat, message: Json) -> Json:
        """A message as the client API shows it: with reactions and reply keyboards."""
        message_id = message["message_id"]
        by_user = chat.reactions.get(message_id, {})
        reactions = [{"user_id": user, "emoji": emoji} for user, given in by_user.items() for emoji in given]
        shown = {**message, "reactions": reactions}
        if message_id in chat.keyboards:
            shown["reply_markup"] = chat.keyboards[message_id]
        return shown

    def show_topic(self, topic: Topic, *, deleted: bool = False) -> None:
        """Publish a topic that was opened, changed or deleted."""
        self.changed()
        self.events.publish("topic", topic=topic.view() | ({"deleted": True} if deleted else {}))

    def _new_message_id(self, chat: Chat) -> int:
        """Private chats share the bot's one counter, a supergroup has its own: as in Telegram."""
        if chat.private:
            self._private_message_id += 1
            chat.last_message_id = self._private_message_id
        else:
            chat.last_message_id += 1
        return chat.last_message_id

    def hears_of(self, chat: Chat, message: Json) -> bool:
        """Whether the bot gets an update for somebody's message: not its own words, and not all in a group."""
        if message["from"]["id"] == self.bot["id"] and not is_service(message):
            return False
        if chat.private:
            return True
        status = chat.members.get(self.bot["id"], {}).get("status")
        if status not in {"administrator", "member"}:
            return False
        if status == "administrator" or not self.privacy_mode or is_service(message):
            return True
        text = message.get("text") or message.get("caption") or ""
        answered = message.get("reply_to_message", {})
        # What merely stands in a topic answers nobody, although it refers to the message that opened the topic.
        to_bot = answered.get("from", {}).get("id") == self.bot["id"] and "forum_topic_created" not in answered
        return text.startswith("/") or f"@{self.bot['username']}" in text or to_bot


def without_reply(message: Json) -> Json:
    """A message as it stands inside another one: replies are not nested."""
    return {name: value for name, value in message.items() if name != "reply_to_message"}
