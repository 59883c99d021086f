import pytest
from aiogram.exceptions import TelegramBadRequest

from sandbox.world import ANNA, OLEG, OPERATORS_CHAT_ID


async def test_places_and_contacts_are_sent(bot):
    place = await bot.send_location(ANNA, 59.93, 30.31)
    shop = await bot.send_venue(ANNA, 59.93, 30.31, "Shop", "Nevsky 1", foursquare_id="f")
    contact = await bot.send_contact(ANNA, "+100", "Shop")

    assert place.location.latitude == pytest.approx(59.93)
    assert (shop.venue.title, shop.venue.address, shop.venue.foursquare_id) == ("Shop", "Nevsky 1", "f")
    assert shop.venue.location == shop.location
    assert contact.contact.phone_number == "+100"


@pytest.mark.parametrize(("emoji", "most"), [(None, 6), ("🎯", 6), ("⚽", 5), ("🎰", 64)])
async def test_dice_have_as_many_values_as_telegrams(bot, emoji, most):
    values = [(await bot.send_dice(ANNA, emoji=emoji)).dice.value for _ in range(20)]

    assert 1 <= min(values) < max(values) <= most


async def test_other_emoji_are_no_dice(bot):
    with pytest.raises(TelegramBadRequest, match="EMOTICON_INVALID"):
        await bot.send_dice(ANNA, emoji="👍")


async def test_a_poll_is_sent_without_votes(bot):
    poll = (await bot.send_poll(ANNA, "<b>Which?</b>", ["one", "two"], question_parse_mode="HTML")).poll

    assert (poll.question, [option.text for option in poll.options]) == ("Which?", ["one", "two"])
    assert (poll.total_voter_count, poll.is_closed, poll.is_anonymous, poll.type) == (0, False, True, "regular")


@pytest.mark.parametrize(
    ("question", "options", "more", "said"),
    [
        (" ", ["a", "b"], {}, "poll question must be non-empty"),
        ("?" * 301, ["a", "b"], {}, "must not exceed 300"),
        ("?", ["a"], {}, "at least 2 option"),
        ("?", ["a"] * 13, {}, "more than 12 options"),
        ("?", ["a", " "], {}, "options must be non-empty"),
        ("?", ["a", "b" * 101], {}, "must not exceed 100"),
        ("?", ["a", "b"], {"type": "exam"}, "wrong poll type"),
    ],
)
async def test_impossible_poll_is_refused(bot, question, options, more, said):
    with pytest.raises(TelegramBadRequest, match=said):
        await bot.send_poll(ANNA, question, options, **more)


@pytest.mark.parametrize(
    "media",
    [
        {"kind": "venue", "title": "Shop", "address": "Nevsky 1", "latitude": 59.9, "longitude": 30.3},
        {"kind": "dice", "emoji": "🎯"},
        {"kind": "poll", "question": "Which?", "options": ["one", "two"]},
    ],
)
async def test_what_people_send_of_it_is_copied_and_forwarded(bot, people, media):
    said = await people.say(ANNA, media=media)
    [update] = await bot.get_updates()
    await bot.copy_message(OLEG, ANNA, said["message_id"])
    forward = await bot.forward_message(OLEG, ANNA, said["message_id"])
    [copied, _] = await people.messages(OLEG)
    kind = media["kind"]

    assert update.message.content_type == kind
    assert getattr(forward, kind) == getattr(update.message, kind)
    assert kind in copied
    if kind == "poll":
        assert copied["poll"] == said["poll"] | {"id": copied["poll"]["id"]}
        assert copied["poll"]["id"] != said["poll"]["id"]


async def test_they_go_into_topics(bot):
    topic = await bot.create_forum_topic(OPERATORS_CHAT_ID, "a")
    sent = await bot.send_dice(OPERATORS_CHAT_ID, message_thread_id=topic.message_thread_id)

    assert sent.message_thread_id == topic.message_thread_id
