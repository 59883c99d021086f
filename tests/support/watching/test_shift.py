import numpy as np
import pytest

from evaluation.alarm import Company, looks
from support.watching.shift import Document, Window, compare, compare_counts, psi


def documents(n, share, *, word="возврат", seed=0, scores=0.9):
    chance = np.random.default_rng((seed, n))
    others = [f"w{number}" for number in range(30)]
    return [
        Document(
            frozenset({*chance.choice(others, 3), *((word, "деньг") if chance.random() < share else ())}),
            frozenset({"intent:question"}),
            (scores * float(chance.beta(8, 1)),),
        )
        for _ in range(n)
    ]


def weeks(share=0.05, n=300):
    return [documents(n, share, seed=number) for number in range(1, 5)]


def test_a_topic_that_tripled_is_told_once_under_the_words_that_stand_together():
    shift = compare(documents(300, 0.15), weeks())

    [topic] = shift.topics
    assert set(topic.names) == {"возврат", "деньг"}
    assert topic.ratio > 2
    assert shift.alarms
    assert not shift.marks


def test_the_same_as_before_is_no_alarm_and_little_data_says_nothing():
    assert not compare(documents(300, 0.05), weeks()).alarms
    few = compare(documents(20, 0.9), weeks())
    assert (few.enough, few.alarms) == (False, False)


def test_scores_that_fell_are_told_and_scores_that_rose_are_not():
    assert compare(documents(300, 0.05, scores=0.7), weeks()).scores_fell
    assert not compare(documents(300, 0.05, scores=1.0), weeks()).scores_fell


def test_topics_that_wander_from_week_to_week_need_more_than_calm_ones():
    def week(others, grown):
        return Window(500, {**{f"w{number}": others for number in range(20)}, "return": grown}, {})

    calm = [week(50, 20) for _ in range(4)]
    restless = [week(others, 20) for others in (20, 80, 20, 80)]

    assert compare_counts(week(50, 45), calm).alarms
    assert not compare_counts(week(50, 45), restless).alarms
    assert compare_counts(week(50, 160), restless).alarms


@pytest.mark.parametrize(("now", "before", "value"), [({"a": 5}, {"a": 50}, 0.0), ({}, {"a": 5}, None)])
def test_psi_of_the_same_is_nothing_and_of_nothing_unknown(now, before, value):
    assert psi(now, before) == value


def test_a_simulated_topic_of_a_tenth_that_doubles_is_noticed_and_nothing_else_is_told():
    found = [look for look in looks(Company(1000, doubled=0.1), np.random.default_rng(1), 7) if look.alarms]

    assert found
    assert all(name.startswith("t0w") for look in found for topic in look.topics for name in topic.names)
