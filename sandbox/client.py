"""A person's Telegram app in code: tests and the tour act and wait through it."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiohttp

from sandbox.client_http import SandboxError
from sandbox.client_switches import Switches
from sandbox.telegram.errors import Json

__all__ = ["SandboxClient", "SandboxError"]

WAIT_S = 10.0
BUTTON_KEYS = ("text", "callback_data")


class SandboxClient(Switches):
    """Acts for any person of one sandbox, and hears everything that happens there.

    Each event is given out by ``wait_for`` once, in the order of arrival; with ``listen=False`` none is heard.
    """

    def __init__(self, url: str, *, listen: bool = True) -> None:
        super().__init__(url)
        self._listen = listen
        self._heard: list[Json] = []
        self._news = asyncio.Event()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        if self._listen:
            try:
                self._socket = await self._session.ws_connect(f"{self.url}/sandbox/events", max_msg_size=0)
                await self._socket.receive()
            except BaseException:
                await self._session.close()
                raise
            self._listener = asyncio.create_task(self._hear(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        if self._socket is not None:
            await self._socket.close()
        if self._session is not None:
            await self._session.close()

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for event in socket:
            self._heard.append(event.json())
            self._news.set()

    # What people do

    async def user(
        self,
        first_name: str,
        *,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
        phone: str | None = None,
    ) -> Json:
        """Add a person."""
        return await self.post(
            "users",
            first_name=first_name,
            last_name=last_name,
            username=username,
            language_code=language_code,
            phone=phone,
        )

    async def say(self, user_id: int, text: str | None = None, *, chat_id: int | None = None, **more: object) -> Json:
        """Write to the bot, or into a group; ``more`` is anything of ``POST /sandbox/messages``."""
        return await self.post("messages", chat_id=chat_id or user_id, user_id=user_id, text=text, **more)

    async def in_topic(
        self, user_id: int, chat_id: int, thread_id: int, text: str | None = None, **more: object
    ) -> Json:
        """Write into a topic."""
        return await self.say(user_id, text, chat_id=chat_id, thread_id=thread_id, **more)

    async def share_contact(
        self,
        user_id: int,
        *,
        own: bool = True,
        phone: str | None = None,
        chat_id: int | None = None,
        thread_id: int | None = None,
        reply_to: int | None = None,
    ) -> Json:
        """Send one's own contact, or a stranger's."""
        place = {"chat_id": chat_id or user_id, "thread_id": thread_id, "reply_to": reply_to}
        return await self.post("contacts", user_id=user_id, own=own, phone=phone, **place)

    async def press(self, message: Json, button: str, *, user_id: int | None = None) -> Json:
        """Press a button by its label or data: of an inline keyboard, or of a reply keyboard.

        Returns ``{callback_query_id}``, or the message that a reply keyboard's button sends.

        Raises:
            SandboxError: the message has no such button.
        """
        chat_id = message["chat"]["id"]
        user_id = user_id or chat_id
        markup = message.get("reply_markup", {})
        for pressed in (one for row in markup.get("inline_keyboard", []) for one in row):
            if button in {pressed.get(key) for key in BUTTON_KEYS} and "callback_data" in pressed:
                return await self.post(
                    "callbacks",
                    chat_id=chat_id,
                    message_id=message["message_id"],
                    user_id=user_id,
                    data=pressed["callback_data"],
                )
        for pressed in (one for row in markup.get("keyboard", []) for one in row):
            if pressed["text"] == button:
                if pressed.get("request_contact"):
                    return await self.share_contact(user_id, chat_id=chat_id)
                return await self.say(user_id, button, chat_id=chat_id)
        raise SandboxError(f"message {message['message_id']} has no button {button!r}")

    async def callback(self, callback_query_id: str) -> Json:
        """Whether and how a press was answered."""
        return await self.get(f"callbacks/{callback_query_id}")

    async def edit(self, message: Json, text: str, *, entities: list[Json] | None = None) -> Json:
        """Change the words of a message, or of its caption, as its sender."""
        return await self.post(
            "edits",
            chat_id=message["chat"]["id"],
            message_id=message["message_id"],
            user_id=message["from"]["id"],
            text=text,
            entities=entities,
        )

    async def delete(self, message: Json, *, user_id: int | None = None) -> None:
        """Delete a message, as its sender unless told otherwise."""
        await self.post(
            "deletions",
            chat_id=message["chat"]["id"],
            message_id=message["message_id"],
            user_id=user_id or message["from"]["id"],
        )

    async def react(self, message: Json, emoji: str, *, user_id: int | None = None) -> None:
        """Set a reaction; an empty one takes it away."""
        chat_id = message["chat"]["id"]
        await self.post(
            "reactions",
            chat_id=chat_id,
            message_id=message["message_id"],
            user_id=user_id or chat_id,
            emoji=emoji,
        )

    async def block(self, user_id: int, *, blocked: bool = True) -> None:
        """Block the bot, or start it again."""
        await self.post("blocks", user_id=user_id, blocked=blocked)

    async def tour_step(
        self, step: int, of: int, title: str, text: str, *, chat_id: int | None = None, done: bool = False
    ) -> None:
        """Tell the page where the tour is."""
        await self.post("tour/steps", step=step, of=of, title=title, text=text, chat_id=chat_id, done=done)

    # What people see

    async def state(self) -> Json:
        """Everything there is."""
        return await self.get("state")

    async def messages(self, chat_id: int, thread_id: int | None = None) -> list[Json]:
        """Messages of a chat, or of one of its topics, oldest first."""
        messages: list[Json] = (await self.state())["messages"]
        return [
            message
            for message in messages
            if message["chat"]["id"] == chat_id and thread_id in {None, message.get("message_thread_id")}
        ]

    async def topics(self, chat_id: int | None = None) -> list[Json]:
        """Topics of a group, or of all."""
        topics: list[Json] = (await self.state())["topics"]
        return [topic for topic in topics if chat_id in {None, topic["chat_id"]}]

    async def wait_for(self, predicate: Callable[[Json], bool], *, timeout_s: float = WAIT_S) -> Json:
        """The first event that was not given out yet and meets the predicate.

        Raises:
            TimeoutError: none came; the message lists what did.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    for index, event in enumerate(self._heard):
                        if predicate(event):
                            return self._heard.pop(index)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"no such event within {timeout_s} s; heard: {self._heard[-10:]}") from None

    async def wait_for_message(
        self,
        chat_id: int,
        *,
        after: Json | None = None,
        thread_id: int | None = None,
        containing: str = "",
        edited: bool = False,
        timeout_s: float = WAIT_S,
    ) -> Json:
        """The bot's next message in a chat: later than ``after``, in this topic, with these words."""
        first = after["message_id"] + 1 if after is not None else 0

        def fits(event: Json) -> bool:
            if event["type"] != ("message_edited" if edited else "message"):
                return False
            message = event["message"]
            return bool(
                message["chat"]["id"] == chat_id
                and message["from"]["is_bot"]
                and message["message_id"] >= first
                and thread_id in {None, message.get("message_thread_id")}
                and containing in (message.get("text") or message.get("caption") or "")
            )

        message: Json = (await self.wait_for(fits, timeout_s=timeout_s))["message"]
        return message

    async def decision(self, message: Json) -> Json | None:
        """Why the bot did what it did with a message."""
        chat_id, message_id = message["chat"]["id"], message["message_id"]
        found: Json | None = (await self.get(f"decisions?chat_id={chat_id}&message_id={message_id}"))["decision"]
        return found
