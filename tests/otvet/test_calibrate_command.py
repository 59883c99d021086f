"""Thresholds are applied, taken back and looked after, over a database that holds judged answers."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from otvet.cli import otvet
from otvet.errors import CommandError
from otvet.findings import Mark
from otvet.threshold_diagnosis import examine_threshold
from support import thresholds
from support.audit_tables import AnswerAuditRow
from support.customers import CustomerRepository, Person
from support.schema import upgrade
from support.settings import Settings
from support.tables import AuditRow, TurnRow
from tests.otvet.beside import Beside

VERSION = "extractive  extractive-2 j1"


class Shop(Beside):
    """The bot's database, worked on beside the command."""

    def judge(self, right, wrong=0, *, score=0.6, version=VERSION):
        """Add so many judged answers."""

        async def work(session):
            now = datetime.now(UTC)
            customer = await CustomerRepository(session).get_or_add(Person(101, "Анна", None, "ru"), now)
            for number in range(right + wrong):
                turn = TurnRow(
                    customer_id=customer.id, state="answered", text="", language="ru", opened_at=now, closes_at=now
                )
                session.add(turn)
                await session.flush()
                row = AnswerAuditRow(
                    turn_id=turn.id,
                    language="ru",
                    score=score,
                    threshold=0.75,
                    sent=False,
                    version=version,
                    release=1,
                    one_in=20,
                    question="",
                    answer="",
                    sources=[],
                    chosen_at=now,
                    verdict="wrong" if number < wrong else "right",
                    judged_at=now,
                )
                session.add(row)

        self.do(work)

    def in_force(self):
        async def work(session):
            return {language: row.value for language, row in (await thresholds.in_force(session)).items()}

        return self.do(work)

    def findings(self, **settings):
        return asyncio.run(examine_threshold(Settings(_env_file=None, database_url=self.url, **settings)))


@pytest.fixture
def shop(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'otvet.db'}"
    settings = Settings(_env_file=None, database_url=url)
    asyncio.run(upgrade(settings.sql_url))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.delenv("ANSWER_THRESHOLD", raising=False)
    return Shop(settings.sql_url)


def run(*arguments):
    return CliRunner().invoke(otvet, ["eval", "calibrate", *arguments])


def test_what_is_applied_decides_and_is_taken_back_and_both_stand_in_the_audit(shop):
    shop.judge(70)
    applied = run("--apply", "--yes")
    assert applied.exit_code == 0, applied.output
    assert (
        "ru: answers are sent from 0.60 on instead of 0.75; of the 70 judged ones that lets 70 through"
        in applied.output
    )
    assert shop.in_force() == {"ru": 0.6}

    back = run("--revert")
    assert "ru: 0.60 is taken back; ANSWER_THRESHOLD 0.75 decides now." in back.output
    assert shop.in_force() == {}
    assert run("--revert").output.strip() == "No calibrated threshold is in force."

    async def actions(session):
        return list(await session.scalars(select(AuditRow.action).order_by(AuditRow.id)))

    assert shop.do(actions) == ["threshold_applied", "threshold_reverted"]


def test_nothing_is_applied_without_a_yes_without_enough_answers_or_against_a_set_threshold(shop, monkeypatch):
    shop.judge(58)
    few = run("--apply", "--yes")
    assert (few.exit_code, shop.in_force()) == (1, {})
    assert "1 more judged answers are missing" in few.output
    assert "Nothing was applied" in few.output

    shop.judge(1)
    unasked = run("--apply")
    assert isinstance(unasked.exception, CommandError)
    assert "Add --yes" in str(unasked.exception)
    monkeypatch.setenv("ANSWER_THRESHOLD", "0.9")
    assert "wins over calibrated" in str(run("--apply", "--yes").exception)
    assert shop.in_force() == {}


def test_without_labels_the_default_is_named_and_how_many_are_missing(shop):
    told = run("--json", "-")
    assert told.exit_code == 1
    assert (json.loads(told.stdout)["fewest"], json.loads(told.stdout)["languages"]) == (59, [])
    assert "ANSWER_THRESHOLD 0.75 decides until then, and promises nothing" in told.stderr


@pytest.mark.parametrize("arguments", ["calibrate", "calibrate --revert", "judge --fit-from-labels"])
def test_without_a_database_the_upgrade_is_named_and_no_file_is_left(shop, tmp_path, monkeypatch, arguments):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    said = CliRunner().invoke(otvet, ["eval", *arguments.split()])
    assert "run otvet db upgrade" in str(said.exception)
    assert not (tmp_path / "other.db").exists()


def test_the_doctor_says_what_decides_and_what_has_become_of_the_promise(shop):
    [nothing] = shop.findings()
    assert nothing.mark is Mark.GOOD
    assert "ANSWER_THRESHOLD 0.75 decides and promises nothing" in nothing.sentence
    off, _ = shop.findings(audit_one_in=0)
    assert off.mark is Mark.DOUBTFUL
    assert "AUDIT_ONE_IN=0" in off.sentence

    shop.judge(70)
    run("--apply", "--yes")
    [decides] = shop.findings()
    assert decides.mark is Mark.GOOD
    assert "ru: the threshold 0.60" in decides.sentence
    assert "at most 5% of what is sent is wrong" in decides.sentence
    [loses] = shop.findings(answer_threshold=0.9)
    assert "is set and wins over what was calibrated (ru 0.60)" in loses.sentence

    shop.judge(20, 8)
    [broken] = shop.findings()
    assert broken.mark is Mark.DOUBTFUL
    assert "of 28 answers judged since then 8 are" in broken.sentence

    shop.do(lambda session: session.execute(update(AnswerAuditRow).values(version="extractive  extractive-3 j1")))
    [former] = shop.findings()
    assert former.mark is Mark.DOUBTFUL
    assert "decides no longer" in former.sentence
    assert "extractive-3" in former.sentence
