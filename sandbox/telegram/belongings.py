"""What the bot has besides chats: pressed buttons to answer, its profile, its webhook."""

from dataclasses import dataclass, field

from sandbox.telegram.errors import Json


@dataclass(slots=True)
class Callback:
    """A pressed inline button and what the bot made of it."""

    id: str
    user_id: int
    answered: bool = False
    text: str | None = None
    show_alert: bool = False


@dataclass(slots=True)
class Profile:
    """What the bot has set about itself."""

    commands: dict[str, list[Json]] = field(default_factory=dict)
    """Commands by scope and language."""
    descriptions: dict[str, str] = field(default_factory=dict)
    """Name, description and short description by kind and language."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates are pushed."""

    url: str
    secret_token: str = ""
