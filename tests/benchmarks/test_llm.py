"""The figures of ``make bench-llm``, over an engine whose mistakes are known."""

import json

import pytest

from benchmarks.llm import Recorder, Run, probe_schema, report
from evaluation.baskets import Question, Unanswerable
from knowledge.releases import ReleaseStore
from support.settings import Settings
from workers.engines.base import Answer
from workers.engines.extractive import ExtractiveEngine

ASKED = "Сколько дней есть на возврат товара?"


class Hasty(ExtractiveEngine):
    """Promises at first, and quotes when it is criticised."""

    revises = True

    def generate(self, job, *, deadline, criticism=()):
        if not criticism:
            return Answer("Вернём 100500 ₽ сегодня [1].", (1,), tokens={"written": 10})
        return super().generate(job, deadline=deadline)


@pytest.fixture
def run(shop_releases):
    store = ReleaseStore(shop_releases)
    settings = Settings(_env_file=None, answer_threshold=0.3)
    return Run(knowledge=store.open(store.current()), engine=Recorder(Hasty()), settings=settings)


def test_an_answer_that_criticism_made_good_counts_as_won_by_the_retry(run):
    source = run.take(1, Question(id="q", language="ru", question=ASKED, sources=("x",)))
    cited = {p.source for p in source.job.passages if p.number in source.draft.citations}
    cases = [
        run.take(2, Question(id="q1", language="ru", question=ASKED, sources=tuple(cited))),
        run.take(3, Question(id="q2", language="ru", question=ASKED, sources=("elsewhere.md",))),
        run.take(4, Unanswerable(id="u1", language="ru", question="Какая погода завтра на Марсе?")),
    ]

    text = report(cases, run=run, probe="obeyed", wall_s=2.0)

    assert [case.ending for case in cases] == ["sent", "sent", "no-answer model"]
    assert "| questions answered | 100.0% of 2" in text
    assert "| of these from a right source | 50.0% of 2" in text
    assert "| unanswerable questions answered | 0.0% of 1" in text
    assert "| judge: AUROC of the score, right drafts against the others | 0.500 over 2 drafts |" in text
    assert "| retry: tried / answered because of it / of these right | 2 / 2 / 1" in text
    assert "| tokens written a second: one answer / all together |" in text
    assert "| no-answer model | 0 | 1 |" in text


@pytest.mark.parametrize(("obeys", "said"), [(True, "obeyed"), (False, "ignored: the answer has another form")])
def test_a_server_that_ignores_a_schema_is_told_from_one_that_obeys(schema_server, obeys, said):
    url = schema_server(obeys)

    assert probe_schema(Settings(_env_file=None, engine="openai", llm_url=url, llm_model="m")) == said


@pytest.fixture
def schema_server():
    """Start a server that answers a schema's only word, or another one."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    servers = []

    def start(obeys):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                [word] = asked["response_format"]["json_schema"]["schema"]["required"]
                content = json.dumps({word: word if obeys else "hello"})
                body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/v1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
