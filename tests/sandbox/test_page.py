import struct
import zlib

from sandbox.server import SandboxServer
from sandbox.world import EMMA, JAMES, OPERATORS_CHAT_ID
from tests.sandbox.page import BROWSER, bubble, say

pytestmark = BROWSER


def picture(width=60, height=40):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x40\x90\xd0" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


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
