"""Keyboards under messages: what Telegram accepts, and which button stands where."""

from collections.abc import Iterator

from sandbox.telegram.errors import Json, bad_request

CALLBACK_DATA_BYTES = 64
MAX_INLINE_BUTTONS = 100

_ACTIONS = (
    "callback_data", "url", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay", "disabled",
)  # fmt: skip


def checked(markup: Json | None, *, private: bool) -> tuple[Json | None, Json | None]:
    """Split a checked reply_markup into (inline keyboard, any other): only the first is part of a message.

    Raises:
        ApiError: a button without text or action, callback data over 64 bytes, a contact asked for in a group.
    """
    if markup is None:
        return None, None
    if "inline_keyboard" in markup:
        return _inline(markup), None
    if "keyboard" in markup:
        _check_reply_keyboard(markup, private=private)
    return None, markup


def _inline(markup: Json) -> Json | None:
    rows = [row for row in markup["inline_keyboard"] if row]
    buttons = [button for row in rows for button in row]
    if len(buttons) > MAX_INLINE_BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        _check_inline_button(button)
    return {"inline_keyboard": rows} if rows else None


def _check_inline_button(button: Json) -> None:
    if not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: button text must be non-empty")
    actions = [action for action in _ACTIONS if action in button]
    if not actions:
        raise bad_request("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"can't parse inline keyboard button: exactly one action is allowed, not {len(actions)}")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and not button["url"].startswith(("http://", "https://", "tg://")):
        raise bad_request("BUTTON_URL_INVALID")


def _check_reply_keyboard(markup: Json, *, private: bool) -> None:
    for button in (button for row in markup["keyboard"] for button in row):
        if not button["text"].strip():
            raise bad_request("can't parse keyboard button: button text must be non-empty")
        if button.get("request_contact") and not private:
            raise bad_request("phone number can be requested in private chats only")
        if button.get("request_location") and not private:
            raise bad_request("location can be requested in private chats only")


def callback_buttons(message: Json) -> Iterator[Json]:
    """The inline buttons of a message that send a callback."""
    for row in message.get("reply_markup", {}).get("inline_keyboard", []):
        yield from (button for button in row if "callback_data" in button)
