"""``otvet kb`` in an administrator's hands: what it says, what it refuses, what it prints as JSON."""

import asyncio
import contextlib
import getpass
import json
import os
import pty
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from knowledge.releases import Order, ReleaseStore
from otvet.commands.knowledge import knowledge_group
from otvet.errors import CommandError
from otvet.findings import Mark
from otvet.knowledge_diagnosis import examine
from support import schema

REPOSITORY = Path(__file__).parents[2]
SOURCES = REPOSITORY / "tests" / "knowledge" / "shop"
GOLDEN = "question,source\nСколько дней на возврат товара?,ru/returns.md\nЧто-то своё,ru/nowhere.md\n"


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Two releases of a small shop; the second has one article more and one changed."""
    root = tmp_path_factory.mktemp("built")
    sources = Path(shutil.copytree(SOURCES, root / "sources"))
    store = ReleaseStore(root / "data" / "releases")
    store.build(sources)
    (sources / "en" / "drones.md").write_text("# Drones\n\nDrones deliver parcels on Sundays.\n", encoding="utf-8")
    article = sources / "ru" / "returns.md"
    article.write_text(article.read_text(encoding="utf-8").replace("30", "14"), encoding="utf-8")
    store.build(sources, order=Order(built_by="Мария", reason="/kb reload"))
    return root


@pytest.fixture
def root(built, tmp_path):
    return Path(shutil.copytree(built, tmp_path / "work"))


@pytest.fixture
def store(root):
    return ReleaseStore(root / "data" / "releases")


@pytest.fixture
def kb(root, monkeypatch):
    """Run ``otvet kb`` over the two releases."""
    monkeypatch.chdir(root)
    monkeypatch.setenv("DATA_DIR", "data")
    monkeypatch.setenv("KNOWLEDGE_DIR", "sources")

    def run(*arguments, fails=False):
        result = CliRunner().invoke(knowledge_group, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            if not fails:
                raise result.exception
            assert isinstance(result.exception, CommandError)
            return str(result.exception)
        assert bool(result.exit_code) is fails, result.output
        return result.output

    return run


def test_the_list_says_who_built_a_release_and_why(kb):
    first, second = kb("list").splitlines()

    assert first.startswith("     1")
    assert second.startswith("→    2")
    assert "Мария  /kb reload" in second
    assert [row["current"] for row in json.loads(kb("list", "--json"))] == [False, True]


def test_the_difference_names_articles_and_shows_their_text(kb):
    found = kb("diff", "--text")

    assert "From release 1 to release 2" in found
    assert "  + en/drones.md" in found
    assert "  ~ ru/returns.md" in found
    assert any(line.startswith("  -") and "30 дней" in line for line in found.splitlines())
    assert any(line.startswith("  +") and "14 дней" in line for line in found.splitlines())


def test_differences_can_be_had_the_other_way_round_and_as_json(kb):
    found = json.loads(kb("diff", "2", "1", "--json"))

    assert (found["added"], found["removed"], found["changed"]) == ([], ["en/drones.md"], ["ru/returns.md"])
    assert found["counts"]["removed"] == 1


def test_the_folder_can_be_compared_with_the_release(kb, root):
    assert "Nothing has changed" in kb("diff", "--sources")
    (root / "sources" / "ru" / "loyalty.md").unlink()

    assert "  - ru/loyalty.md" in kb("diff", "--sources")


def test_a_difference_to_a_release_that_is_gone_is_refused(kb):
    assert "Release 9 does not exist" in kb("diff", "9", fails=True)


def test_a_build_names_what_changed_and_the_golden_questions(kb, root, store):
    (root / "sources" / "golden.csv").write_text(GOLDEN, encoding="utf-8")
    (root / "sources" / "ru" / "loyalty.md").write_text("# Бонусы\n\nБаллы больше не копятся.\n", encoding="utf-8")

    said = kb("build")

    assert "~ ru/loyalty.md" in said
    assert "golden questions: 1 of 1 find their article, the current release finds 1" in said
    assert "its article is not there: Что-то своё" in said
    assert store.current() == 3


def test_a_doubtful_release_is_held_back_with_what_to_do(kb, root, store):
    for path in [*(root / "sources").rglob("*.*")][1:]:
        path.unlink()

    said = kb("build", fails=True)

    assert "only 1 of 9 articles are left" in said
    assert "NOT switched on" in said
    assert store.current() == 2
    assert "✗    3" in kb("list")
    assert "Release 3 is the current one" in kb("rollback", "--to", "3")
    assert "otvet kb rollback --to" not in kb("list")


def test_forcing_switches_all_the_same_and_json_says_what_spoke_against_it(kb, root, store):
    for path in [*(root / "sources").rglob("*.*")][1:]:
        path.unlink()

    made = json.loads(kb("build", "--force", "--json"))

    assert made["outcome"] == "switched"
    assert {one["doubt"] for one in made["objections"]} == {"articles", "chunks"}
    assert store.current() == 3


def test_a_rollback_says_how_to_go_back_again(kb, store):
    assert "otvet kb rollback --to 2" in kb("rollback")
    assert store.current() == 1
    kb("rollback", "--to", "2")
    assert store.current() == 2


def test_who_switched_stands_in_the_audit_where_there_is_a_database(kb, root, store):
    kb("rollback")
    assert not (root / "data" / "otvet.db").exists()

    asyncio.run(schema.upgrade(f"sqlite+aiosqlite:///{root / 'data' / 'otvet.db'}"))
    kb("rollback", "--to", "2")
    kb("rollback")
    with contextlib.closing(sqlite3.connect(root / "data" / "otvet.db")) as database:
        rows = database.execute("SELECT actor_id, action, detail FROM audit ORDER BY id").fetchall()

    assert [row[:2] for row in rows] == [(0, "kb_forward"), (0, "kb_rollback")]
    details = [json.loads(row[2]) for row in rows]
    assert [(detail["from"], detail["to"]) for detail in details] == [(1, 2), (2, 1)]
    assert details[0]["actor"] == getpass.getuser()


def test_a_database_that_cannot_be_reached_does_not_keep_anybody_from_going_back(kb, store, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:9/otvet")
    assert "does not stand in the audit" in kb("rollback")
    assert store.current() == 1


def test_an_older_release_can_be_searched(kb):
    assert "en/drones.md" in kb("search", "drones parcels")
    assert "en/drones.md" not in kb("search", "drones parcels", "--release", "1")
    assert json.loads(kb("search", "drones parcels", "--json"))["release"] == 2


# The doctor


def sentences(store, root, mark):
    return "\n".join(one.sentence for one in examine(store, root / "sources") if one.mark is mark)


def test_a_healthy_base_is_called_so(store, root):
    (root / "sources" / "golden.csv").write_text(GOLDEN.splitlines()[0] + "\n" + GOLDEN.splitlines()[1] + "\n", "utf-8")

    assert sentences(store, root, Mark.WRONG) == ""
    good = sentences(store, root, Mark.GOOD)
    for part in ("Release 2 answers", "free in", "All 9 articles can be read", "says what the articles say", "golden"):
        assert part in good


def test_the_doctor_names_what_is_wrong_and_what_to_do(store, root, kb):
    assert "Release 2 answers" in kb("doctor")
    (store.root / "2" / "arrays.npy").write_bytes(b"rubbish")

    assert "Release 2 is damaged: roll back or build again" in sentences(store, root, Mark.WRONG)
    assert json.loads(kb("doctor", "--json", fails=True))[0]["mark"] == "wrong"
    store.pointer.write_text("nonsense", encoding="ascii")
    assert "otvet kb rollback --to N" in sentences(store, root, Mark.WRONG)


def test_the_doctor_sees_changed_unreadable_missed_and_orphaned(store, root):
    (root / "sources" / "golden.csv").write_text(GOLDEN, encoding="utf-8")
    (root / "sources" / "ru" / "empty.md").write_text("", encoding="utf-8")
    (root / "sources" / "ru" / "new.md").write_text("# Новое\n\nНовый текст.\n", encoding="utf-8")
    (store.root / ".building-left").mkdir()

    doubts = sentences(store, root, Mark.DOUBTFUL)

    assert "ru/empty.md: is empty" in doubts
    assert "1 added, 0 changed, 0 removed" in doubts
    assert "«Что-то своё» does not find ru/nowhere.md" in doubts
    assert "A build was killed" in doubts


def test_the_doctor_names_articles_that_say_the_same_or_that_nobody_finds(root, tmp_path):
    sources = tmp_path / "odd"
    sources.mkdir()
    text = "Вернуть товар можно в течение тридцати дней после получения, если сохранились бирки, чек и упаковка вещи."
    (sources / "a.md").write_text(f"# Возврат товара\n\n{text}\n", encoding="utf-8")
    (sources / "b.md").write_text(f"# Как вернуть вещь\n\n{text}\n", encoding="utf-8")
    for number in range(8):
        (sources / f"info{number}.md").write_text(f"# Важно\n\nСлово{number} и дело{number}.\n", encoding="utf-8")
    store = ReleaseStore(tmp_path / "odd-releases")
    store.build(sources)

    doubts = "\n".join(one.sentence for one in examine(store, sources) if one.mark is Mark.DOUBTFUL)

    assert "a.md and b.md say nearly the same" in doubts
    assert "its heading «Важно» does not find it: give it a heading of its own words" in doubts


# The terminal


def run_in_terminal(command, environment):
    """Run a command whose standard error is a terminal; return what it draws."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    drawn = b""
    with contextlib.suppress(OSError):  # the terminal's other end has gone
        while part := os.read(master, 1024):
            drawn += part
    os.close(master)
    assert process.wait(60) == 0
    return drawn.decode()


def test_on_a_terminal_one_line_moves_and_is_gone_at_the_end(root):
    variables = {"DATA_DIR": str(root / "data"), "KNOWLEDGE_DIR": str(root / "sources"), "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "otvet", "kb", "build", "--force"]

    drawn = run_in_terminal(command, {"PATH": os.environ["PATH"], **variables})

    assert "███" in drawn
    assert "3/6 indexing chunks: " in drawn
    assert "\n" not in drawn
    assert drawn.endswith("\r\033[K")


def test_a_new_phone_is_named_by_the_build_and_shown_once_it_is_confirmed(kb, root):
    (root / "sources" / "ru" / "news.md").write_text("# Новое\n\nЗвоните по +7 999 000-17-17.\n", encoding="utf-8")

    assert "  ? 79990001717 (ru/news.md)" in kb("build")
    assert "  ✓ 79990001717" in kb("addresses", "--show", "8 999 000-17-17")
    assert "79990001717" not in kb("build", "--force")
    assert "  ✗ 79990001717: never shown" in kb("addresses", "--refuse", "+79990001717")
