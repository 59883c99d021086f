"""What Telegram answers instead of a result.

ApiError           any refusal: code, description and, sometimes, parameters (``retry_after``, ``migrate_to_chat_id``)
ActionError        a person tries what their app would not let them do; the client API answers 400 or 404
"""

from typing import Any

Json = dict[str, Any]


class ApiError(Exception):
    """A Bot API call is refused; ``description`` is worded as Telegram words it."""

    def __init__(self, code: int, description: str, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(what: str) -> ApiError:
    """Refuse with 400 and ``Bad Request: …``."""
    return ApiError(400, f"Bad Request: {what}")


def forbidden(what: str) -> ApiError:
    """Refuse with 403 and ``Forbidden: …``."""
    return ApiError(403, f"Forbidden: {what}")


def unauthorized() -> ApiError:
    """Refuse a token that is wrong or revoked."""
    return ApiError(401, "Unauthorized")


class ActionError(Exception):
    """A person's action is impossible; the message says why. ``status`` is 400, or 404 for what does not exist."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
