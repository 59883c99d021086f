import asyncio
import os
import shutil
import struct
import zlib

import pytest
from aiogram import Dispatcher, F
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyParameters,
)

from sandbox.server import SandboxServer
from sandbox.world import EMMA, JAMES, OLEG, OPERATORS_CHAT_ID

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE = {"width": 1500, "height": 900}
PHONE = {"width": 360, "height": 740}
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
DECISION = {
    "turn_id": 1,
    "state": "answered",
    "text": "how long?",
    "intent": {
        "name": "question",
        "source": "model",
        "confidence": 0.93,
        "ranking": [["question", 0.93], ["odd", 0.07]],
    },
    "search": {
        "query": "how long",
        "parts": [{"question": None, "passages": [{"heading": "Delivery", "text": "Two days.", "blend": 0.9}]}],
    },
    "draft": {"text": "Two days.", "score": 0.81, "threshold": 0.7, "reasons": [], "features": {"margin": 0.4}},
    "outcome": "answered",
    "reason": None,
    "timings_ms": {"search": 4.2},
}

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=f"NO BROWSER: install one of {', '.join(NAMES)} or set CHROMIUM"),
]


def picture(width=60, height=40):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x40\x90\xd0" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


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


@pytest.fixture
async def browser():
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        await browser.close()


@pytest.fixture
async def replies(bot):
    dispatcher = echo()
    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
    yield
    await dispatcher.stop_polling()
    await polling


@pytest.fixture
async def open_page(browser):
    """Open the page; whatever it complains about in its console fails the test."""
    complaints = []

    async def open_at(url, *, locale="en-GB", **options):
        page = await browser.new_page(locale=locale, **options)
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(url)
        await page.wait_for_selector('body[data-online="true"]')
        return page

    yield open_at
    assert complaints == []


async def say(page, text, pane=".pane-customers"):
    await page.locator(f"{pane} textarea").fill(text)
    await page.locator(f"{pane} textarea").press("Enter")


def bubble(page, text, pane=".pane-customers"):
    return page.locator(f"{pane} .bubble", has_text=text).last


async def test_a_message_is_answered_without_reloading(server, replies, open_page):
    page = await open_page(server.url)

    await say(page, "how long is delivery?")

    await bubble(page, "echo: how long is delivery?").wait_for()
    assert await bubble(page, "echo:").locator(".quote").inner_text() == "Emma Wilson\nhow long is delivery?"


async def test_a_pressed_button_shows_the_bots_toast_or_its_alert(server, replies, open_page):
    page = await open_page(server.url)
    await say(page, "hello")

    await page.get_by_role("button", name="Useful").click()
    await page.locator(".toast", has_text="pressed useful").wait_for()
    await page.get_by_role("button", name="Alarm").click()

    await page.get_by_role("dialog", name="pressed alarm").wait_for()
    await page.get_by_role("button", name="OK").click()
    await page.locator("dialog").wait_for(state="detached")


async def test_an_own_message_can_be_edited_and_is_marked(server, replies, open_page):
    page = await open_page(server.url)
    await say(page, "first words")
    await bubble(page, "echo: first words").wait_for()

    await page.locator(".pane-customers textarea").press("ArrowUp")
    await say(page, "second words")

    await bubble(page, "now: second words").wait_for()
    own = page.locator(".pane-customers .message.own .bubble")
    assert "edited" in await own.inner_text()
    assert await own.locator(".words").inner_text() != "first words"


async def test_a_photo_travels_with_its_caption(server, people, replies, open_page):
    page = await open_page(server.url)
    await page.locator(".pane-customers textarea").fill("my tent")
    await page.locator(".pane-customers .attach-button").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("menuitem", name="Photo").click()
    await (await chooser.value).set_files([{"name": "t.png", "mimeType": "image/png", "buffer": picture()}])

    await bubble(page, "echo: photo").wait_for()
    shown = page.locator(".pane-customers img.photo")
    assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 60
    assert (await people.messages(EMMA))[0]["caption"] == "my tent"


async def test_every_kind_of_attachment_reaches_the_bot(server, replies, open_page):
    page = await open_page(server.url)
    for name, kind in (("Voice", "voice"), ("Location", "location"), ("Sticker 👋", "sticker")):
        await page.locator(".pane-customers .attach-button").click()
        await page.get_by_role("menuitem", name=name).click()
        await bubble(page, f"echo: {kind}").wait_for()
    await page.locator(".pane-customers .attach-button").click()
    await page.get_by_role("menuitem", name="Own contact").click()
    await bubble(page, "phone +447700900103").wait_for()


async def test_the_reply_keyboard_writes_and_shares_the_contact(server, replies, open_page):
    page = await open_page(server.url)
    await page.get_by_role("button", name="Start").click()

    await page.get_by_role("button", name="My order").click()
    await bubble(page, "echo: My order").wait_for()
    await page.get_by_role("button", name="Share my number").click()

    await bubble(page, "phone +447700900103").wait_for()


async def test_an_operator_answers_in_the_customers_topic(server, people, replies, open_page):
    page = await open_page(server.url)
    await say(page, "person")
    topic = page.locator(".topic", has_text="Emma Wilson")
    await topic.locator(".badge").wait_for()

    await topic.click()
    await bubble(page, "card", ".pane-operators").wait_for()
    await page.get_by_role("radio", name="James").click()
    await say(page, "a person is here", ".pane-operators")

    await bubble(page, "a person is here").wait_for()
    assert await topic.locator(".badge").count() == 0
    written = await people.messages(OPERATORS_CHAT_ID)
    assert [message["from"]["id"] for message in written if message.get("text") == "a person is here"] == [JAMES]


async def test_another_customers_message_raises_a_badge(server, people, replies, open_page):
    page = await open_page(server.url)
    await people.say(OLEG, "привет")
    person = page.locator(".person", has_text="Олег")

    await person.locator(".badge", has_text="2").wait_for()
    await person.click()

    await bubble(page, "echo: привет").wait_for()
    await person.locator(".badge").wait_for(state="detached")


async def test_markup_in_names_and_texts_stays_text(server, people, bot, open_page):
    evil = "<img src=x onerror=document.title='hacked'>"
    page = await open_page(server.url)
    user = await people.user(evil, language_code="en")
    await people.say(user["id"], evil)
    entities = [{"type": "text_link", "offset": 0, "length": 4, "url": "javascript:alert(1)"}]
    await people.say(user["id"], "link here", entities=entities)
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, evil)
    await bot.send_message(OPERATORS_CHAT_ID, evil, message_thread_id=topic.message_thread_id)

    await page.locator(".person", has_text=evil).click()
    await page.locator(".topic", has_text=evil).click()

    await bubble(page, evil).wait_for()
    await bubble(page, evil, ".pane-operators").wait_for()
    await bubble(page, "link here").wait_for()
    assert await page.locator("img[src=x]").count() == 0
    assert await page.locator("a[href^=javascript]").count() == 0
    assert await page.title() != "hacked"


async def test_entities_are_rendered_by_utf16_offsets(server, bot, open_page):
    page = await open_page(server.url)
    await bot.send_message(EMMA, "👨‍👩‍👧 <b>bold <i>both</i></b> <code>KD-1</code>", parse_mode="HTML")

    shown = bubble(page, "both")
    await shown.wait_for()
    assert await shown.locator("b").inner_text() == "bold both"
    assert await shown.locator("b i").inner_text() == "both"
    assert await shown.locator("code").inner_text() == "KD-1"


async def test_a_reaction_is_set_and_taken_back(server, people, replies, open_page):
    page = await open_page(server.url)
    await say(page, "hello")
    answer = page.locator(".pane-customers .message.other")
    await answer.hover()
    await answer.get_by_role("button", name="React").click()
    await answer.get_by_role("menuitem", name="👍").click()
    await answer.locator(".reaction").click()

    await answer.locator(".reaction").wait_for(state="detached")
    assert [message["reactions"] for message in await people.messages(EMMA)] == [[], []]


async def test_the_preview_is_shown_until_the_answer_comes(server, people, bot, open_page):
    page = await open_page(server.url)
    await people.say(EMMA, "hello")

    await bot.send_message_draft(EMMA, draft_id=7, text="", can_stop=True)
    await page.locator(".preview", has_text="Thinking…").wait_for()
    await bot.send_message(EMMA, "done")

    await bubble(page, "done").wait_for()
    assert await page.locator(".preview").count() == 0


async def test_the_panel_says_in_words_what_the_bot_decided(world, open_page):
    async def decisions(chat_id, message_id):
        return DECISION

    async with SandboxServer(world, decisions=decisions) as server:
        page = await open_page(server.url, viewport=WIDE)
        await say(page, "how long?")
        panel = page.locator(".pane-why")

        await panel.get_by_role("heading", name="Answered by itself").wait_for()
        words = await panel.inner_text()
        assert "A question for the knowledge base" in words
        assert "Delivery" in words
        assert "81 %" in words
        assert not await panel.locator(".raw").is_visible()


async def test_a_decision_with_missing_parts_is_rendered_too(world, open_page):
    async def decisions(chat_id, message_id):
        return {"intent": {}, "search": {"parts": [{}]}, "draft": {}, "steps": None, "outcome": "never_seen"}

    async with SandboxServer(world, decisions=decisions) as server:
        page = await open_page(server.url, viewport=WIDE)
        await say(page, "hello")

        await page.locator(".pane-why").get_by_role("heading", name="never seen").wait_for()


async def test_the_language_is_switched_and_remembered(server, open_page):
    page = await open_page(server.url, locale="ru-RU", viewport=WIDE)
    assert await page.get_by_role("heading", name="Что решил бот").count() == 1

    await page.get_by_role("button", name="Switch to English").click()
    await page.reload()

    await page.locator(".pane-why h2", has_text="What the bot decided").wait_for()
    assert await page.evaluate("document.documentElement.lang") == "en"


async def test_both_languages_have_the_same_texts(server, open_page):
    page = await open_page(server.url)

    keys = await page.evaluate("import('/page/js/texts.js').then(texts => texts.textKeys())")

    assert keys["ru"] == keys["en"]


@pytest.mark.parametrize("locale", ["ru-RU", "en-GB"])
async def test_a_phone_shows_each_tab_without_scrolling_sideways(server, replies, open_page, locale):
    page = await open_page(server.url, locale=locale, viewport=PHONE)
    await say(page, "person")
    await say(page, "https://example.com/" + "x" * 300)
    await page.locator("#tab-operators .badge").wait_for()

    for tab in ("operators", "why", "customers"):
        await page.locator(f"#tab-{tab}").click()
        await page.locator(f"#pane-{tab}").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert await page.locator(".top").evaluate("bar => bar.scrollWidth") == PHONE["width"]
        assert await page.locator(".pane:visible").count() == 1
    assert await page.locator(".pane-customers .log").evaluate("log => log.scrollWidth - log.clientWidth") == 0


async def test_the_page_comes_back_by_itself_after_the_connection_was_lost(world, open_page):
    async with SandboxServer(world) as server:
        url = server.url
        page = await open_page(url)
        await say(page, "before")
        await bubble(page, "before").wait_for()
    await page.locator(".status", has_text="connecting…").wait_for()
    async with SandboxServer(world, port=int(url.rpartition(":")[2])):
        await page.wait_for_selector('body[data-online="true"]')
        await say(page, "after")
        await bubble(page, "after").wait_for()
        assert await page.locator(".pane-customers .message").count() == 2


async def test_the_tours_captions_turn_to_the_chat_in_question(server, people, replies, open_page):
    page = await open_page(server.url)
    await people.say(OLEG, "привет")

    await people.tour_step(1, 4, "An answer", "Look at Oleg", chat_id=OLEG)

    caption = page.locator(".tour")
    await caption.get_by_role("heading", name="An answer").wait_for()
    await bubble(page, "echo: привет").wait_for()
    await caption.get_by_role("button", name="Close the tour").click()
    await caption.wait_for(state="hidden")


async def test_a_new_customer_can_be_added_and_writes_at_once(server, people, replies, open_page):
    page = await open_page(server.url)
    await page.get_by_role("button", name="New customer").click()
    await page.get_by_label("First name").fill("Zoë")
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.locator('.person[aria-current="true"]', has_text="Zoë").wait_for()

    await say(page, "hi")

    await bubble(page, "echo: hi").wait_for()


async def test_a_refused_message_is_told_and_kept_in_the_composer(server, people, open_page):
    page = await open_page(server.url)
    await page.route("**/sandbox/messages", lambda route: route.fulfill(status=400, json={"error": "too much"}))

    await say(page, "precious words")

    await page.locator(".toast", has_text="too much").wait_for()
    assert await page.locator(".pane-customers textarea").input_value() == "precious words"


async def test_the_previews_stop_button_reaches_the_bot(server, bot, open_page):
    page = await open_page(server.url)
    await bot.send_message_draft(EMMA, draft_id=7, text="Two da")
    await page.locator(".preview", has_text="Two da").wait_for()
    unstoppable = await page.get_by_role("button", name="Stop").count()

    await bot.send_message_draft(EMMA, draft_id=7, text="Two da", can_stop=True)
    await page.get_by_role("button", name="Stop").click()
    [update] = await bot.get_updates(timeout=5)

    assert unstoppable == 0
    assert update.stopped_message_generation.draft_id == 7
    assert update.stopped_message_generation.chat.id == EMMA


async def test_a_reply_shows_the_part_that_it_quotes(server, people, bot, open_page):
    page = await open_page(server.url)
    said = await people.say(EMMA, "My tent is torn. Where is my order?")
    quoting = ReplyParameters(message_id=said["message_id"], quote="Where is my order?")
    await bot.send_message(EMMA, "On its way", reply_parameters=quoting)

    await bubble(page, "On its way").wait_for()
    assert await bubble(page, "On its way").locator(".quote").inner_text() == "Emma Wilson\nWhere is my order?"


async def test_an_album_stays_together_and_its_neighbours_do_not(server, people, open_page):
    await people.say(EMMA, "before")
    for name in ("a.txt", "b.txt"):
        await people.say(EMMA, media={"kind": "document", "file_name": name}, album="x")
    await people.say(EMMA, media={"kind": "document", "file_name": "c.txt"}, album="y")
    page = await open_page(server.url)
    await bubble(page, "c.txt").wait_for()

    before, one, two, after = [await part.bounding_box() for part in await page.locator(".message .bubble").all()]
    gaps = [below["y"] - above["y"] - above["height"] for above, below in ((before, one), (one, two), (two, after))]
    assert gaps[1] < gaps[0] == gaps[2]


async def test_an_edited_caption_is_shown_and_marked(server, people, open_page):
    page = await open_page(server.url)
    await people.say(EMMA, media={"kind": "document", "file_name": "a.txt"}, caption="old words")
    await bubble(page, "old words").wait_for()

    await page.locator(".pane-customers textarea").press("ArrowUp")
    await say(page, "new words")

    await bubble(page, "new words").wait_for()
    assert "edited" in await bubble(page, "new words").inner_text()
    assert (await people.messages(EMMA))[0]["caption"] == "new words"


async def test_venues_dice_and_polls_are_shown(server, bot, open_page):
    page = await open_page(server.url)
    await bot.send_venue(EMMA, 59.9, 30.3, "The shop", "Nevsky 1")
    await bot.send_dice(EMMA, emoji="🎯")
    await bot.send_poll(EMMA, "Which tent?", ["small", "large"])

    await bubble(page, "Which tent?").wait_for()
    assert await bubble(page, "Which tent?").locator("li").all_inner_texts() == ["small", "large"]
    assert "Nevsky 1" in await bubble(page, "The shop").inner_text()
    assert await page.locator(".pane-customers .bubble .sticker").inner_text() == "🎯"


async def test_the_page_follows_a_migrated_group_and_notices_a_deleted_one(server, people, bot, open_page):
    page = await open_page(server.url)
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "Emma's tent")
    await bot.send_message(OPERATORS_CHAT_ID, "the card", message_thread_id=topic.message_thread_id)
    await page.locator(".topic", has_text="Emma's tent").click()
    await bubble(page, "the card", ".pane-operators").wait_for()

    new_id = await people.group(OPERATORS_CHAT_ID, "migrate")
    await page.get_by_role("radio", name="James").click()
    await say(page, "still here", ".pane-operators")
    await bubble(page, "still here", ".pane-operators").wait_for()
    written = await people.messages(new_id, topic.message_thread_id)
    shown = await bubble(page, "the card", ".pane-operators").count()
    await people.group(new_id, "delete")
    await page.locator(".topic").first.wait_for(state="detached")

    assert written[-1]["text"] == "still here"
    assert shown == 1
