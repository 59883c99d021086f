"""Mentions of operators: their apps notify them, with or without an @name."""

from collections.abc import Sequence
from typing import Final

from aiogram.types import User
from aiogram.utils.formatting import Text, TextMention

from support.desk_tables import OperatorRow

PLACE: Final = "\ue000"
"""Stands in a text where the names go: no name holds it, Unicode keeps it for private use."""


def mention(text: str, operators: Sequence[OperatorRow]) -> Text:
    """Put the operators into a text that was made with PLACE for their names."""
    before, _, after = text.partition(PLACE)
    parts: list[str | Text] = [before]
    for number, operator in enumerate(operators):
        user = User(id=operator.user_id, is_bot=False, first_name=operator.name)
        parts += [", "] * bool(number) + [TextMention(operator.name, user=user)]
    return Text(*parts, after)
