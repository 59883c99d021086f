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


def test_people_and_secrets_are_masked_in_every_value_wherever_they_come_from(written):
    log = structlog.get_logger("we")
    log.info("Пишет Анна Петрова", text="+7 916 123-45-67", about={"email": "anna@mail.ru"}, job_id="t-9161234567-1-1")
    logging.getLogger("somebody").warning("api_key=sk-abcdef123456, Bearer abcdef123456 of %s", "a.petrova@mail.ru")
    try:
        raise ValueError("Анна Петрова, 8 916 123-45-67")
    except ValueError:
        log.exception("broken")
    lines = written.getvalue()
    for word in ("Петров", "123-45-67", "anna@", "a.petrova", "abcdef123456"):
        assert word not in lines
    assert "t-9161234567-1-1" in lines
    assert "ValueError" in lines
