import json
import os
from pathlib import Path

import pytest

from support.settings import Settings
from tests.otvet import forked

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "knowledge" / "shop"


@pytest.fixture
def otvet(tmp_path):
    def run(*arguments: str, **variables: str) -> forked.Ended:
        known = {name.upper() for name in Settings.model_fields}
        outer = {name: value for name, value in os.environ.items() if name.upper() not in known}
        return forked.run(arguments, tmp_path, {**outer, **variables})

    return run


def assert_one_sentence(result: forked.Ended, *parts: str) -> None:
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in result.stderr


COMMANDS = (
    "", "demo", "run", "bot", "worker", "kb build", "kb list", "kb diff", "kb rollback", "kb search", "kb doctor",
    "orders import", "eval all", "eval draft", "eval retrieval", "eval no-answer",
    "model check", "model quantize", "model pull",
    "doctor", "db upgrade", "outbox", "outbox retry", "outbox drop",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    from click.testing import CliRunner

    from otvet.cli import otvet

    result = CliRunner().invoke(otvet, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


def test_a_company_measures_its_own_articles_and_is_told_when_they_get_worse(otvet, tmp_path):
    (tmp_path / "knowledge_base").mkdir()
    (tmp_path / "knowledge_base" / "delivery.md").write_text("# Delivery\nA courier brings parcels within 2 days.\n")
    questions = [f"How many days does the courier take to bring parcel {number}?" for number in "ABCDEFGH"]
    rows = [{"question": one, "sources": ["delivery.md"], "facts": ["2 days"]} for one in questions]
    rows.append({"question": "Позвоните мне: +7 916 123-45-67", "route": "greeting", "origin": "conversation"})
    (tmp_path / "ours.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    result = otvet(
        "eval", "all", "--basket", "ours.jsonl", "--json", "first.json", "--html", "page.html", "--lang", "en"
    )

    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert "met     right source first: 100.0% (8 of 8" in result.stdout
    report = json.loads((tmp_path / "first.json").read_text())
    assert report["provenance"]["command"].startswith("otvet eval all --basket ours.jsonl")
    assert report["answers"]["sent_right"]["total"]["hits"] == 8
    assert "only 8 sent answers were checked" in (tmp_path / "page.html").read_text()

    told = [result.stdout, *((tmp_path / name).read_text() for name in ("first.json", "page.html"))]
    assert all("+7 *** ***-45-67" in one and "123-45" not in one for one in told)

    worse = otvet("eval", "all", "--basket", "ours.jsonl", "--baseline", "first.json", ANSWER_THRESHOLD="1")

    assert worse.returncode == 1, worse.stderr
    assert "8 → 0    of 8    -100.0% (-100.0% to -100.0%)  WORSE" in worse.stdout
    assert_one_sentence(otvet("eval", "all", "--basket", "nowhere"), "nowhere: no such basket")


def test_a_basket_is_drafted_from_articles_and_from_no_database_that_is_not_there(otvet, tmp_path):
    (tmp_path / "knowledge_base").mkdir()
    (tmp_path / "knowledge_base" / "delivery.md").write_text("# Delivery\nA courier brings parcels within 2 days.\n")
    made = otvet("eval", "draft", "--from", "knowledge", "--out", "ours")
    assert made.returncode == 0, made.stderr
    assert json.loads((tmp_path / "ours" / "questions.jsonl").read_text())["draft"] is True
    assert_one_sentence(otvet("eval", "draft", "--from", "conversations", "--out", "b"), "otvet db upgrade")


def test_a_collection_is_measured_from_the_command_line(otvet, tmp_path):
    texts = {
        "boots": "Unworn boots are taken back within thirty days.",
        "zips": "Broken zips are mended free of charge.",
    }
    passages = [{"id": name, "lang": "en", "source": name, "title": "", "text": text} for name, text in texts.items()]
    questions = [
        {
            "id": name,
            "lang": "en",
            "kind": "faq",
            "source": name,
            "question": f"{name}, free or not",
            "relevant": [name],
        }
        for name in texts
    ]
    for file, rows in (("kb", passages), ("questions", questions)):
        (tmp_path / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    found = otvet("eval", "retrieval", "--data", ".", "--json", "-")
    refused = otvet("eval", "no-answer", "--data", ".", "--known-sources", "boots", "--json", "report.json")

    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)
    assert refused.returncode == 0, refused.stderr
    assert "AUROC" in refused.stdout
    assert_one_sentence(otvet("eval", "no-answer", "--data", ".", "--known-sources", "nobody"), "nobody")


def test_malformed_settings_are_named_without_their_values(otvet):
    result = otvet("doctor", OPERATORS_CHAT_ID="secret-value", ANSWER_THRESHOLD="7")
    assert_one_sentence(result, "OPERATORS_CHAT_ID", "ANSWER_THRESHOLD")
    assert "secret-value" not in result.stderr


def test_a_bot_without_a_token_says_where_to_get_one(otvet):
    assert_one_sentence(otvet("bot"), "BOT_TOKEN", "@BotFather", "otvet demo")


def test_a_bot_refuses_a_database_of_another_version(otvet):
    assert_one_sentence(otvet("bot", BOT_TOKEN="1:x"), "otvet db upgrade")


def test_a_database_address_that_no_driver_knows_is_said(otvet):
    assert_one_sentence(otvet("db", "upgrade", DATABASE_URL="oracle-of-delphi"), "DATABASE_URL")


def test_a_database_that_does_not_answer_is_said(otvet):
    result = otvet("db", "upgrade", DATABASE_URL="postgresql://otvet:hunter2@127.0.0.1:1/otvet")
    assert_one_sentence(result, "database cannot be reached")
    assert "hunter2" not in result.stderr


def test_run_without_articles_says_which_folder_to_fill(otvet):
    result = otvet("run", BOT_TOKEN="1:x", LOG_LEVEL="WARNING")
    assert result.returncode == 2
    assert "KNOWLEDGE_DIR" in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_knowledge_is_built_listed_searched_and_rolled_back(otvet):
    variables = {"KNOWLEDGE_DIR": str(SOURCES)}
    first = otvet("kb", "build", **variables)
    assert "release 1" in first.stdout
    assert "3/6 indexing chunks: " in first.stderr  # no terminal: a line a step
    assert "nothing has changed since release 1" in otvet("kb", "build", **variables).stdout
    assert "release 2" in otvet("kb", "build", "--force", **variables).stdout
    assert "→    2" in otvet("kb", "list").stdout
    assert "Nothing has changed" in otvet("kb", "diff").stdout
    assert "ru/" in otvet("kb", "search", "сколько стоит доставка").stdout
    assert "Release 1 is the current one" in otvet("kb", "rollback").stdout
    assert_one_sentence(otvet("kb", "rollback", "--to", "7"), "Release 7 does not exist")


def test_searching_before_the_first_release_says_what_to_do(otvet):
    assert_one_sentence(otvet("kb", "search", "x"), "otvet kb build")


def test_orders_are_imported_and_bad_rows_are_named(otvet, tmp_path):
    (tmp_path / "orders.csv").write_text("No,status,phone\nA-1,shipped,+79161234567\n,shipped,1\n", encoding="utf-8")
    assert_one_sentence(otvet("orders", "import", "orders.csv", "--map", "No=order_number"), "otvet db upgrade")
    assert otvet("db", "upgrade").returncode == 0
    result = otvet("orders", "import", "orders.csv", "--map", "No=order_number")
    assert "line 3" in result.stdout
    assert "1 added" in result.stdout


def test_a_file_that_is_no_list_of_orders_is_said(otvet, tmp_path):
    (tmp_path / "orders.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert_one_sentence(otvet("orders", "import", "orders.csv"), "order_number", "missing")
    assert_one_sentence(otvet("orders", "import", "nowhere.csv"), "nowhere.csv")
    assert_one_sentence(otvet("orders", "import", "orders.csv", "--map", "=x"), "THEIRS=OURS")
