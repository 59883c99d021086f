import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.variants import break_even


@given(cost=st.floats(1.0, 5.0), guessed=st.integers(1, 8))
def test_at_the_break_even_a_step_gives_as_many_words_as_it_costs(cost, guessed):
    share = break_even(cost, guessed)

    if share is None:
        assert cost > guessed + 1
    else:
        assert sum(share**i for i in range(guessed + 1)) == pytest.approx(cost, rel=1e-6)


def test_a_step_that_costs_more_words_than_it_can_give_never_pays():
    assert break_even(5.1, 4) is None
