"""What comes back from buttons: anybody can send anything."""

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from bot.keyboards import Pressed, parse

words = st.one_of(st.text(max_size=64), st.integers().map(str), st.text("0123456789:٣", max_size=64))


@given(st.lists(words, min_size=1, max_size=4).map(":".join))
@example("kb:ask:" + "9" * 5000)
@example("desk:send:99999999999999999999")
@example("forget:yes::5")
def test_whatever_is_sent_handlers_get_only_numbers_that_fit_a_table_or_nothing(data):
    pressed = parse(data)

    for argument in pressed.arguments:
        assert argument
        assert not argument.isdecimal() or int(argument) < 2**63
    assert pressed == Pressed("", ()) or data == ":".join((pressed.name, *pressed.arguments))


def test_the_bots_own_buttons_are_understood():
    asked_at = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
    assert parse(f"forget:yes:4503599627370495:{asked_at}").arguments == ("yes", "4503599627370495", str(asked_at))
    assert parse("op") == Pressed("op", ())
