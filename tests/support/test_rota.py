"""Whose turn it is, and who has a conversation."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.assignment import Others, Taken, give, keeper_of, take
from support.desk_file import Assignment
from support.desk_tables import OperatorRow
from support.escalations import EscalationReason, EscalationRepository
from support.operators import Member, OperatorRepository, Role
from support.rota import NEVER, Load, choose, former_keeper, loads_in

GROUP = -100
OLGA, PETR, JAMES = 1, 2, 3


def load(user_id, open_ones=0, minutes=0, **more):
    return Load(OperatorRow(user_id=user_id, languages="", **more), open_ones, NEVER + timedelta(minutes=minutes))


@given(
    st.lists(
        st.builds(
            lambda user_id, open_ones, minutes, away, languages: Load(
                OperatorRow(user_id=user_id, languages=languages, away_since=NEVER if away else None),
                open_ones,
                NEVER + timedelta(minutes=minutes),
            ),
            st.integers(1, 9),
            st.integers(0, 4),
            st.integers(0, 9),
            st.booleans(),
            st.sampled_from(("", "ru", "en", "ru,en")),
        )
    ),
    st.sampled_from(("none", "round_robin", "least_busy")),
)
def test_nobody_who_is_away_busy_or_speaks_another_language_gets_a_conversation(loads, way):
    chosen = choose(loads, Assignment(way=way, most_each=3), "en")

    able = [
        one
        for one in loads
        if not one.operator.away_since and one.open < 3 and one.operator.languages in {"", "en", "ru,en"}
    ]
    assert (chosen is None) == (way == "none" or not able)
    if chosen is not None:
        mine = next(one for one in able if one.operator is chosen)
        rank = (lambda one: one.last) if way == "round_robin" else (lambda one: (one.open, one.last))
        assert rank(mine) == min(map(rank, able))


@pytest.fixture
async def at_work(session, now):
    operators = OperatorRepository(session)
    return {
        user_id: await operators.joined(Member(user_id, name, f"{name}_s"), GROUP, now)
        for user_id, name in ((OLGA, "Olga"), (PETR, "Petr"), (JAMES, "James"))
    }


async def test_turns_go_round_and_the_least_busy_comes_first(session, anna, at_work, now):
    turns = []
    for minute in range(6):
        chosen = choose(await loads_in(session, GROUP), Assignment(way="round_robin"), "ru")
        escalation, _ = await EscalationRepository(session).open(anna.id, EscalationReason.RISKY, now)
        give(session, anna, escalation, chosen.user_id, now + timedelta(minutes=minute), by=0, action="given")
        await EscalationRepository(session).close(anna.id, 0, now)
        turns.append(chosen.user_id)
    assert turns == [OLGA, PETR, JAMES] * 2

    assert [one.open for one in await loads_in(session, GROUP)] == [0, 0, 0]
    assert (
        choose([load(OLGA, 2), load(PETR, 1, 5), load(JAMES, 1, 4)], Assignment(way="least_busy"), "ru").user_id
        == JAMES
    )


async def test_a_conversation_of_somebody_who_is_away_or_gone_is_free(session, anna, at_work, now):
    escalation, _ = await EscalationRepository(session).open(anna.id, EscalationReason.RISKY, now)
    olga, petr = at_work[OLGA], at_work[PETR]
    assert await take(session, anna, escalation, olga, now) == Taken(new=True)
    assert await take(session, anna, escalation, olga, now) == Taken(new=False)
    assert await take(session, anna, escalation, petr, now) == Others("Olga")
    assert await take(session, anna, escalation, petr, now, role=Role.SENIOR) == Taken(new=True)

    petr.away_since = now
    assert await keeper_of(session, escalation) is None
    assert await take(session, anna, escalation, olga, now) == Taken(new=True)
    await OperatorRepository(session).left(OLGA, GROUP, now)
    assert await keeper_of(session, escalation) is None


def test_who_knows_the_customer_comes_first_if_he_may_and_who_gave_it_back_does_not_get_it():
    assignment = Assignment(way="round_robin", most_each=3)
    loads = [load(OLGA), load(PETR, minutes=5)]
    assert choose(loads, assignment, "ru").user_id == OLGA
    assert choose(loads, assignment, "ru", former=PETR).user_id == PETR
    assert choose([load(OLGA), load(PETR, away_since=NEVER)], assignment, "ru", former=PETR).user_id == OLGA
    assert choose([load(OLGA), load(PETR, 3)], assignment, "ru", former=PETR).user_id == OLGA
    assert choose(loads, assignment, "ru", without={OLGA}).user_id == PETR
    assert choose(loads, assignment, "ru", without={OLGA, PETR}) is None
    assert choose(loads, Assignment(way="none"), "ru", former=PETR) is None


async def test_the_last_keeper_of_a_customer_is_remembered_for_a_day(session, anna, now):
    escalations = EscalationRepository(session)
    first, _ = await escalations.open(anna.id, EscalationReason.COMPLAINT, now)
    first.assignee_id = PETR
    await escalations.close(anna.id, PETR, now)
    second, _ = await escalations.open(anna.id, EscalationReason.COMPLAINT, now)
    assert await former_keeper(session, second, now + timedelta(hours=23)) == PETR
    assert await former_keeper(session, second, now + timedelta(hours=25)) is None
