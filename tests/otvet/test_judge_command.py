import asyncio
import json
import math
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from click.testing import CliRunner

from evaluation.judge_refit import FEWEST
from otvet.cli import otvet
from support.customers import CustomerRepository, Person
from support.database import Database
from support.desk_tables import DraftLabelRow
from support.jobs import Draft, Verdict
from support.tables import TurnRow
from workers.judge import COEFFICIENTS, VERSION

NOW = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def do(*arguments):
        result = CliRunner().invoke(otvet, ["eval", "judge", *map(str, arguments)])
        return result.exit_code, result.output or str(result.exception)

    return do


@pytest.fixture
def fill(database_url, monkeypatch):
    """Let operators decide about so many drafts, by ``covered`` alone."""
    monkeypatch.setenv("DATABASE_URL", database_url)

    def do(number):
        async def add():
            chance, database = np.random.default_rng(3), Database(database_url)
            async with database.writing() as session:
                for at in range(number):
                    features = dict.fromkeys(COEFFICIENTS, 1.0) | {
                        "answerable": chance.uniform(0.3, 0.9),
                        "covered": chance.uniform(),
                    }
                    right = chance.uniform() < 0.02 + 0.96 * (features["covered"] > 0.6)
                    customer = await CustomerRepository(session).get_or_add(Person(at, "Анна", None, "ru"), NOW)
                    draft = Draft(
                        text="Семь дней. [1]",
                        citations=(1,),
                        verdict=Verdict(score=0.5, features=features, version=VERSION),
                        engine="fake",
                        model="",
                        prompt_version="1",
                    )
                    turn = TurnRow(
                        customer_id=customer.id,
                        state="escalated",
                        text="Как долго?",
                        language="ru",
                        opened_at=NOW,
                        closes_at=NOW,
                        draft=draft.model_dump(mode="json"),
                    )
                    session.add(turn)
                    await session.flush()
                    verdict = "sent" if right else "discarded"
                    session.add(
                        DraftLabelRow(turn_id=turn.id, operator_id=7, verdict=verdict, draft="Семь дней.", at=NOW)
                    )
            await database.close()

        asyncio.run(add())

    return do


def test_a_score_that_operators_contradict_is_fitted_applied_once_and_taken_back(run, fill):
    status, told = run("--fit-from-labels")
    assert (status, f"About {FEWEST} are missing" in told) == (1, True)
    fill(FEWEST)
    status, told = run("--fit-from-labels", "--apply", "--json", "report.json")
    assert (status, "Applied as version" in told, "0.75 does" in told) == (0, True, True), told
    with open("report.json", encoding="utf-8") as file:  # noqa: PTH123
        report = json.load(file)["fit"]
    assert report["after"]["brier"]["value"] < report["before"]["brier"]["value"]
    assert report["weights"]["covered"] > COEFFICIENTS["covered"].weight
    # What trained a score is no test of it.
    status, told = run("--fit-from-labels")
    assert (status, "that came after the fit" in told) == (1, True)
    assert "the shipped score judges now" in run("--fit-from-labels", "--revert")[1]
    assert "No fit is in force" in run("--fit-from-labels", "--revert")[1]
    assert "choose one" in run("--fit-from-labels", "--revert", "--apply")[1]
    assert "only --apply, --revert and --json" in run("--fit-from-labels", "--folds", 5)[1]


class _Model(BaseHTTPRequestHandler):
    """Finds an answer supported when its last word stands in the passage."""

    def do_GET(self):
        self._say({"data": [{"id": "tiny"}]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"]
        word = asked[-2]["content"].removesuffix(" [1]").removesuffix(".").split()[-1]
        yes = 0.9 if word in asked[-3]["content"] else 0.2
        top = [{"token": token, "logprob": math.log(p)} for token, p in (("Yes", yes), ("No", 1 - yes))]
        logprobs = {"content": [{"top_logprobs": top}]}
        self._say({"choices": [{"message": {"content": "Yes"}, "logprobs": logprobs}]})

    def _say(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def test_the_same_command_with_a_model_tells_words_model_and_both(run, tmp_path):
    towns = [f"{one}{two}" for one in ("Kaz", "Om", "Per", "Tom", "Tve", "U") for two in ("an", "sk", "pol", "burg")]
    rows = [
        {"context": f"Couriers come to {town}.", "answer": f"Couriers come to {other}.", "label": label}
        for town, stranger in zip(towns, [*towns[1:], towns[0]], strict=True)
        for other, label in ((town, 1), (stranger, 0))
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    server = HTTPServer(("127.0.0.1", 0), _Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        arguments = ("--data", "rows.jsonl", "--rows", 40, "--judge-url", url, "--json", "report.json")
        status, told = run(*arguments, "--judge-model", "tiny")
        assert status == 0, told
        assert "is not served by" in run(*arguments, "--judge-model", "other")[1]
    finally:
        server.shutdown()
        server.server_close()
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    [part] = report["slices"]
    assert part["supported"] + part["unsupported"] == 40
    assert (report["model"], report["unheard"]) == ("tiny", 0)
    assert part["others"]["the model alone"]["value"] == 1
    assert {"the product's whole score with the model", "words and model, fitted in 5 folds"} < set(part["others"])
    assert "cannot be reached" in run(*arguments, "--judge-model", "tiny")[1]
