"""The one reaction that a bot may set under a message (Bot API, setMessageReaction)."""

from aiogram.enums import ReactionTypeType
from aiogram.methods import SetMessageReaction
from aiogram.types import ReactionTypeEmoji


def react(chat_id: int, message_id: int, emoji: str | None) -> SetMessageReaction:
    """Build the call; None takes the reaction away."""
    # The type is said aloud: the ledger keeps what was set, and a default was not.
    shown = [] if emoji is None else [ReactionTypeEmoji(type=ReactionTypeType.EMOJI, emoji=emoji)]
    return SetMessageReaction(chat_id=chat_id, message_id=message_id, reaction=[*shown])
