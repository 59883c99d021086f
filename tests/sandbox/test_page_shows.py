"""How the page shows what it has been told: texts, media, decisions, languages, small screens."""

import pytest
from aiogram.types import (
    ReplyParameters,
)

from sandbox.server import SandboxServer
from sandbox.world import EMMA, OLEG, OPERATORS_CHAT_ID
from tests.sandbox.page import BROWSER, bubble, say

WIDE = {"width": 1500, "height": 900}
PHONE = {"width": 360, "height": 740}
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
pytestmark = BROWSER


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


async def test_the_tours_captions_turn_to_the_chat_in_question(server, people, replies, open_page):
    page = await open_page(server.url)
    await people.say(OLEG, "привет")

    await people.tour_step(1, 4, "An answer", "Look at Oleg", chat_id=OLEG)

    caption = page.locator(".tour")
    await caption.get_by_role("heading", name="An answer").wait_for()
    await bubble(page, "echo: привет").wait_for()
    await caption.get_by_role("button", name="Close the tour").click()
    await caption.wait_for(state="hidden")


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
