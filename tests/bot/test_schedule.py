from datetime import UTC, datetime, timedelta

import pytest

from bot.budget import Budget, Limit, Limits
from bot.schedule import Schedule
from support.deliveries import Priority
from support.transport_tables import DeliveryRow

ANNA, EMMA, GROUP = 101, 103, -1001
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
FREE = Limits(Limit(1000, 1.0), Limit(1000, 1.0), Limit(1000, 1.0), margin=1)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def plan(clock):
    """Make a schedule whose calls count as one message each."""

    def make(limits=FREE, amount=lambda _: 1):
        return Schedule(Budget(limits, clock=clock), amount)

    return make


def row(delivery_id, priority=Priority.RELAY, *, method="SendMessage", customer=1, wait_s=None, about=None):
    return DeliveryRow(
        id=delivery_id,
        key=str(delivery_id),
        method=method,
        payload={},
        priority=int(priority),
        customer_id=customer,
        to_topic=True,
        not_before=None if wait_s is None else NOW + timedelta(seconds=wait_s),
        about_chat_id=None if about is None else ANNA,
        about_id=about,
    )


def drain(schedule):
    """Make everything that may be made now, one after the other; return the ids."""
    made = []
    while not isinstance(item := schedule.next(), float):
        made.append(item.id)
        schedule.done(item)
    return made


def test_a_chat_has_one_call_in_hand_and_its_calls_go_in_order(plan):
    schedule = plan()
    for number in (3, 1, 2):
        schedule.add(ANNA, row(number), NOW)

    first = schedule.next()
    assert (first.id, schedule.next()) == (1, float("inf"))
    schedule.done(first)
    assert drain(schedule) == [2, 3]
    assert len(schedule) == 0


def test_chats_go_side_by_side_and_the_most_urgent_first_when_the_overall_limit_binds(plan, clock):
    schedule = plan(Limits(Limit(2, 1.0), Limit(9, 1.0), Limit(9, 1.0), margin=1))
    for number, (lane, priority) in enumerate(
        ((GROUP, Priority.RELAY), (ANNA, Priority.EDIT), (EMMA, Priority.ANSWER), (GROUP, Priority.CARD)), start=1
    ):
        schedule.add(lane, row(number, priority, customer=lane), NOW)

    assert drain(schedule) == [3, 4]
    assert 0 < schedule.next() <= 1.0
    clock.now += 1.01
    assert drain(schedule) == [1, 2]


def test_a_chat_at_its_limit_delays_no_other(plan, clock):
    schedule = plan(Limits(Limit(100, 1.0), Limit(100, 1.0), Limit(1, 60.0), margin=1))
    for number, lane in enumerate((GROUP, GROUP, ANNA, EMMA), start=1):
        schedule.add(lane, row(number, customer=number), NOW)

    assert drain(schedule) == [1, 3, 4]
    assert schedule.next() == pytest.approx(60.0)
    clock.now += 60.0
    assert drain(schedule) == [2]


def test_an_album_that_gathers_holds_back_its_own_customer_alone(plan, clock):
    schedule = plan()
    schedule.add(GROUP, row(1, customer=1, wait_s=1, method="SendMediaGroup"), NOW)
    schedule.add(GROUP, row(2, customer=1), NOW)
    schedule.add(GROUP, row(3, customer=2), NOW)

    assert drain(schedule) == [3]
    assert schedule.next() == pytest.approx(1.0)
    clock.now += 1.0
    assert drain(schedule) == [1, 2]


def test_an_album_counts_by_its_messages(plan):
    schedule = plan(Limits(Limit(100, 1.0), Limit(3, 60.0), Limit(3, 60.0), margin=1), amount=lambda _: 2)
    for number in (1, 2):
        schedule.add(ANNA, row(number), NOW)

    assert drain(schedule) == [1]


@pytest.mark.parametrize("method", ["EditMessageText", "EditMessageCaption", "EditMessageMedia"])
def test_only_the_newest_of_several_edits_of_a_message_need_be_made(plan, method):
    schedule = plan()
    for number in (1, 2, 3):
        schedule.add(ANNA, row(number, Priority.EDIT, method=method, about=7), NOW)
    schedule.add(ANNA, row(4, Priority.EDIT, method=method, about=8), NOW)

    outdated = []
    while not isinstance(item := schedule.next(), float):
        outdated.append(schedule.is_outdated(item))
        schedule.done(item)

    assert outdated == [True, True, False, False]


def test_a_change_of_buttons_does_not_replace_a_change_of_words(plan):
    schedule = plan()
    schedule.add(ANNA, row(1, Priority.EDIT, method="EditMessageText", about=7), NOW)
    schedule.add(ANNA, row(2, Priority.EDIT, method="EditMessageReplyMarkup", about=7), NOW)

    assert not schedule.is_outdated(schedule.next())


def test_an_edit_that_goes_out_again_gives_way_to_a_newer_one(plan):
    schedule = plan()
    schedule.add(ANNA, row(1, Priority.EDIT, method="EditMessageText", about=7), NOW)
    item = schedule.next()
    schedule.add(ANNA, row(2, Priority.EDIT, method="EditMessageText", about=7), NOW)
    schedule.done(item, again=True)

    assert schedule.is_outdated(schedule.next())


def test_a_call_that_goes_out_again_comes_before_what_followed_it(plan, clock):
    schedule = plan()
    for number in (1, 2):
        schedule.add(ANNA, row(number), NOW)
    schedule.add(EMMA, row(3), NOW)

    schedule.done(schedule.next(), again=True, in_s=2.0)

    assert drain(schedule) == [3]
    assert schedule.next() == pytest.approx(2.0)
    clock.now += 2.0
    assert drain(schedule) == [1, 2]


def test_a_call_is_known_until_it_has_ended(plan):
    schedule = plan()
    schedule.add(ANNA, row(1), NOW)
    schedule.add(ANNA, row(1), NOW)
    item = schedule.next()
    assert schedule.knows(1)
    schedule.done(item)

    assert not schedule.knows(1)
    assert schedule.next() == float("inf")


def test_what_is_dropped_may_come_back_in_another_lane(plan):
    schedule = plan()
    for number in (1, 2):
        schedule.add(GROUP, row(number), NOW)
    schedule.drop(schedule.next())
    assert len(schedule) == 0

    for number in (1, 2):
        schedule.add(GROUP - 1, row(number), NOW)

    assert drain(schedule) == [1, 2]


def test_after_the_schedule_was_cleared_a_call_in_hand_still_keeps_its_chat_busy(plan):
    schedule = plan()
    schedule.add(ANNA, row(1), NOW)
    item = schedule.next()
    schedule.clear()
    schedule.add(ANNA, row(2), NOW)

    assert schedule.next() == float("inf")
    schedule.done(item)
    assert drain(schedule) == [2]


def test_what_a_customer_says_does_not_overtake_what_he_said_while_he_was_flooding(plan):
    schedule = plan()
    schedule.add(GROUP, row(1, Priority.ACTION, customer=1), NOW)
    schedule.add(GROUP, row(2, Priority.RELAY, customer=1), NOW)
    schedule.add(GROUP, row(3, Priority.EDIT, method="EditMessageText", customer=1, about=7), NOW)
    schedule.add(GROUP, row(4, Priority.RELAY, customer=2), NOW)
    schedule.add(GROUP, row(5, Priority.CARD, customer=1), NOW)

    assert drain(schedule) == [5, 4, 1, 2, 3]
