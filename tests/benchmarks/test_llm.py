"""The figures of ``make bench-llm``, over an engine whose mistakes are known."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from benchmarks.llm import Run, probed, report
from benchmarks.recorders import JudgeRecorder, Recorder
from evaluation.baskets import Question, Unanswerable
from knowledge.releases import ReleaseStore
from support.jobs import JudgeRecord
from support.settings import Settings
from workers.engines.base import Answer
from workers.engines.extractive import ExtractiveEngine
from workers.engines.openai import OpenAIEngine

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


class Sceptic:
    """Believes in questions of odd turns, and is not heard the other times."""

    model = "sceptic"

    def check(self):
        pass

    def ask(self, job, text, *, deadline):  # noqa: ARG002  # the port's signature
        said = {"supported": 1.0, "relevant": 1.0} if job.turn_id % 2 else {"unheard": "it hangs"}
        return JudgeRecord(model=self.model, prompt_version="p", ms=7.0, **said)

    def cancel(self, job_id):
        pass


def test_the_report_says_how_often_the_judge_model_was_heard(run):
    judged = replace(run, judge_model=JudgeRecorder(Sceptic()))
    cases = [judged.take(n, Question(id=f"q{n}", language="ru", question=ASKED, sources=("x",))) for n in (1, 2)]

    text = report(cases, run=judged, probe="obeyed", wall_s=2.0)

    assert "| judge model sceptic: heard / asked | 1 / 2, p50 7 ms |" in text
    assert "| judge model: not heard, because | 1 × it hangs |" in text
    assert "| judge: AUROC of the model's opinion «supported» alone |" in text
    assert cases[0].draft.verdict.score > cases[1].draft.verdict.score


@pytest.mark.parametrize(("fills_forms", "said"), [(True, "obeyed"), (False, "ignored or refused")])
def test_the_report_says_whether_the_model_can_be_held_to_a_form(fills_forms, said):
    engine = OpenAIEngine(url="http://127.0.0.1:1/v1", model="m", api_key=SecretStr(""))
    engine.fills_forms = fills_forms

    assert probed(engine).startswith(said)
    assert probed(ExtractiveEngine()) == "not asked of this engine"
