from datetime import UTC, datetime, timedelta

import pytest

from support.shares import Part
from support.watching.talks import RETURN, Asked, containment, resolution, talks

START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=10)


def asked(hours=0.0, *, customer=1, outcome="answered", text="сколько стоит доставка", rating=None):
    at = START + timedelta(hours=hours)
    return Asked(int(hours * 100) + customer, customer, at, at + timedelta(seconds=5), outcome, text, rating)


def called(hours, customer=1):
    return customer, START + timedelta(hours=hours)


def test_turns_within_half_an_hour_are_one_talk_and_customers_have_their_own():
    found = talks([asked(0), asked(0.4, text="а возврат"), asked(1.5), asked(0.1, customer=2)], [], LATER)

    assert sorted(len(talk.turns) for talk in found) == [1, 1, 2]
    assert containment(found) == Part(3, 3)


@pytest.mark.parametrize(("hours", "contained"), [(0.2, False), (0.45, False), (0.6, True), (-0.1, True)])
def test_a_person_called_in_a_talk_or_soon_after_it_ends_containment(hours, contained):
    [talk] = [one for one in talks([asked(0)], [called(hours)], LATER) if one.turns]

    assert talk.contained is contained


def test_a_person_who_is_called_without_any_question_counts_against_the_bot():
    assert containment(talks([asked(0)], [called(50)], LATER)) == Part(1, 2)


@pytest.mark.parametrize(
    ("turns", "persons", "resolved"),
    [
        ([asked(0)], [], True),
        ([asked(0, outcome="order_shown")], [], True),
        ([asked(0, outcome="out_of_scope")], [], False),
        ([asked(0, rating=-1)], [], False),
        ([asked(0), asked(0.1, text="доставка сколько стоит")], [], False),
        ([asked(0), asked(0.1, text="а возврат бесплатный")], [], True),
        ([asked(0), asked(71)], [], False),
        ([asked(0), asked(73)], [], True),
        ([asked(0)], [called(71)], False),
        ([asked(0)], [called(73)], True),
    ],
    ids=["answered", "order", "no help", "disliked", "asked twice", "two questions", "back", "late", "person", "later"],
)
def test_a_talk_is_resolved_when_the_bot_helped_and_nobody_came_back_within_three_days(turns, persons, resolved):
    first = min((talk for talk in talks(turns, persons, LATER)), key=lambda talk: talk.start)

    assert first.resolved is resolved


def test_what_ended_less_than_three_days_ago_is_neither_resolved_nor_not():
    found = talks([asked(0)], [], START + RETURN)

    assert found[0].resolved is None
    assert resolution(found) == Part(0, 0)
