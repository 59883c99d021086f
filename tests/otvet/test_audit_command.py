import asyncio
import json
from datetime import UTC, datetime, timedelta

from click.testing import CliRunner

from otvet.cli import otvet
from support.database import Database
from support.operators import Member, OperatorRepository, audit


def test_the_audit_names_who_did_what_and_leaves_out_what_is_old(database_url, tmp_path, monkeypatch):
    async def fill():
        database, now = Database(database_url), datetime.now(UTC)
        async with database.writing() as session:
            await OperatorRepository(session).joined(Member(7, "Ольга"), -1, now)
            audit(session, now - timedelta(days=2), 7, "conversation_taken", escalation_id=1)
            audit(session, now, 7, "conversation_released", escalation_id=2)
            audit(session, now, 0, "conversation_assigned", escalation_id=2, operator_id=7)
        await database.close()

    asyncio.run(fill())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*arguments):
        result = CliRunner().invoke(otvet, ["audit", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output.splitlines()

    released, assigned = run()
    assert released.endswith("Ольга  conversation_released  escalation_id=2")
    assert "(Otvet, or the command line)  conversation_assigned" in assigned
    assert len(run("--since", "3d")) == 3
    [only] = run("--action", "conversation_assigned", "--json")
    assert json.loads(only)["operator_id"] == 7
    assert "Nothing was done" in run("--action", "none")[0]
