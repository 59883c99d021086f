import io
import json
import logging
import sys

import pytest
import structlog

from otvet import logs
from support.settings import Settings

TOKEN = "123456789:AAE-very_secret-token-here"


@pytest.fixture
def written(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(Settings(_env_file=None, log_format="json"))
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def test_a_token_in_an_address_is_masked_whoever_logs_it(written):
    logging.getLogger("somebody").info("POST http://localhost/bot%s/getMe", TOKEN)
    structlog.get_logger("we").info("call", url=f"http://localhost/bot{TOKEN}/getMe")
    assert TOKEN not in written.getvalue()
    assert written.getvalue().count("***") == 2


def test_a_token_inside_a_traceback_is_masked(written):
    try:
        raise ValueError(f"cannot reach /bot{TOKEN}/getMe")
    except ValueError:
        logging.getLogger("somebody").exception("failed")
    assert "cannot reach" in written.getvalue()
    assert TOKEN not in written.getvalue()


def test_a_password_in_an_address_is_masked():
    assert logs.mask("postgresql://otvet:hunter2@host/db") == "postgresql://otvet:***@host/db"


def test_an_event_is_one_line_of_json_with_what_was_bound(written):
    structlog.contextvars.bind_contextvars(chat_id=7)
    structlog.get_logger("we").warning("answer_sent", turn_id=1)
    structlog.contextvars.clear_contextvars()
    event = json.loads(written.getvalue())
    assert (event["event"], event["chat_id"], event["turn_id"], event["level"]) == ("answer_sent", 7, 1, "warning")


def test_libraries_that_log_addresses_are_quiet_at_info(written):
    for name in ("aiogram.event", "httpx", "aiohttp.access"):
        logging.getLogger(name).info("a request")
    assert written.getvalue() == ""
