"""The page in a browser: what drives it, and a bot behind it that echoes."""

import os
import shutil

import pytest
from aiogram import Dispatcher, F
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)

from sandbox.world import OPERATORS_CHAT_ID

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
BUTTONS = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="Useful", callback_data="useful"),
            InlineKeyboardButton(text="Alarm", callback_data="alarm"),
        ]
    ]
)
KEYBOARD = ReplyKeyboardMarkup(
    keyboard=[[KeyboardButton(text="My order"), KeyboardButton(text="Share my number", request_contact=True)]]
)
BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=f"NO BROWSER: install one of {', '.join(NAMES)} or set CHROMIUM"),
]


def echo():
    """Echoes with buttons, relays between customers and their topics."""
    dispatcher = Dispatcher()
    topics = {}

    @dispatcher.message(F.chat.type == "private", F.text == "/start")
    async def on_start(message):
        await message.answer("Welcome", reply_markup=KEYBOARD)

    @dispatcher.message(F.chat.type == "private", F.text == "person")
    async def on_person(message):
        topic = await message.bot.create_forum_topic(OPERATORS_CHAT_ID, message.from_user.full_name)
        topics[topic.message_thread_id] = message.chat.id
        thread_id = topic.message_thread_id
        await message.bot.send_message(OPERATORS_CHAT_ID, "<b>card</b>", "HTML", message_thread_id=thread_id)

    @dispatcher.message(F.chat.type == "private", F.contact)
    async def on_contact(message):
        await message.answer(f"phone {message.contact.phone_number}")

    @dispatcher.message(F.chat.type == "private")
    async def on_message(message):
        await message.reply(f"echo: {message.text or message.content_type.value}", reply_markup=BUTTONS)

    @dispatcher.edited_message()
    async def on_edit(message):
        await message.answer(f"now: {message.text}")

    @dispatcher.message(F.message_thread_id.in_(topics), F.text)
    async def on_operator(message):
        await message.bot.send_message(topics[message.message_thread_id], message.text)

    @dispatcher.callback_query()
    async def on_press(query):
        await query.answer(f"pressed {query.data}", show_alert=query.data == "alarm")

    return dispatcher


async def say(page, text, pane=".pane-customers"):
    await page.locator(f"{pane} textarea").fill(text)
    await page.locator(f"{pane} textarea").press("Enter")


def bubble(page, text, pane=".pane-customers"):
    return page.locator(f"{pane} .bubble", has_text=text).last
