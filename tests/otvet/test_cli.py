import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "otvet" / "demo_shop"


@pytest.fixture
def otvet(tmp_path):
    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        known = {name.upper() for name in Settings.model_fields}
        outer = {name: value for name, value in os.environ.items() if name.upper() not in known}
        return subprocess.run(
            [sys.executable, "-m", "otvet", *arguments],
            cwd=tmp_path,
            env={**outer, "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run


def assert_one_sentence(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in result.stderr


COMMANDS = (
    "", "demo", "run", "bot", "worker", "kb build", "kb list", "kb diff", "kb rollback", "kb search", "kb doctor",
    "orders import", "eval all", "eval retrieval", "eval no-answer", "model check", "model quantize", "model pull",
    "doctor", "db upgrade", "outbox", "outbox retry", "outbox drop",
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    from click.testing import CliRunner

    from otvet.cli import otvet

    result = CliRunner().invoke(otvet, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4


def test_the_evaluation_prints_a_table_and_writes_json(otvet, tmp_path):
    result = otvet("eval", "all", "--json", "report.json")
    assert result.returncode == 0, result.stderr
    assert "Aims" in result.stdout
    assert result.stderr == ""
    assert (tmp_path / "report.json").read_text().startswith("{")
    assert_one_sentence(otvet("eval", "all", "--basket", "nowhere"), "nowhere")


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
    variables = {"KNOWLEDGE_DIR": str(SHOP / "knowledge")}
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
