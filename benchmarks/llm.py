"""``make bench-llm LLM_URL=… LLM_MODEL=…``: your model on the evaluation's questions: prompts, judge, retry, speed.

Search, no-answer model, prompts, checks, judge and retry as in production; the report is Markdown, for people. No
trained model ran where this was built, so there are no figures of ours to compare with.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.recorders import Call, JudgeRecorder, Recorder
from benchmarks.report import percentile
from evaluation import baskets
from evaluation.baskets import Question, Unanswerable
from evaluation.figures import Share, auroc
from knowledge.base import KnowledgeBase
from knowledge.releases import ReleaseStore
from support import answering, risk
from support.jobs import Draft, GenerationJob, GenerationResult, JudgeRecord, Verdict
from support.settings import PACKAGE_ROOT, Settings, SettingsError, load
from workers import engines
from workers.engines.base import Engine, EngineError, FormFiller
from workers.generation import Generation, verdict_on

BINS: Final = 5
"""Of the calibration table."""
_UNUSABLE: Final = 2


@dataclass(frozen=True, slots=True)
class Case:
    """What became of one item of the basket."""

    item: Question | Unanswerable
    ending: str
    """``sent``, or why not."""
    job: GenerationJob | None = None
    draft: Draft | None = None
    first: Verdict | None = None
    """Of the first attempt, when there was a second one."""
    calls: tuple[Call, ...] = ()
    asked: tuple[JudgeRecord, ...] = ()
    """What the judge model said to each attempt that passed the checks."""
    seconds: float = 0.0
    """From the job to its result."""

    @property
    def right(self) -> bool:
        """Whether the draft cites a document that truly answers; a proxy, for nobody read the answers."""
        if self.job is None or self.draft is None or not isinstance(self.item, Question):
            return False
        cited = {passage.source for passage in self.job.passages if passage.number in self.draft.citations}
        return not cited.isdisjoint(self.item.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The production path over one engine."""

    knowledge: KnowledgeBase
    engine: Recorder
    settings: Settings
    judge_model: JudgeRecorder | None = None

    def take(self, number: int, item: Question | Unanswerable) -> Case:
        """Take one question to an answer or to a person."""
        prepared = answering.prepare(item.question, item.language, self.knowledge)
        if not prepared.parts:
            return Case(item, "no-answer model")
        job = answering.job_for(
            prepared,
            turn_id=number,
            epoch=1,
            question=item.question,
            history=(),
            language=item.language,
            deadline=datetime.now(UTC) + timedelta(seconds=self.settings.answer_deadline_s),
            addresses=None,
        )
        results: list[GenerationResult] = []
        threshold = self.settings.answer_threshold
        began = time.perf_counter()
        Generation(engine=self.engine, threshold=threshold, send=results.append, judge_model=self.judge_model).run(
            job.model_dump_json()
        )
        seconds = time.perf_counter() - began
        calls = tuple(self.engine.calls.get(job.job_id, ()))
        texts = dict.fromkeys(call.answer.text for call in calls)
        records = {text: record for text in texts if (record := self._record(job, text))}
        [result] = results
        case = Case(item, f"no draft: {result.failure}", job, None, None, calls, tuple(records.values()), seconds)
        if result.draft is None:
            return case
        answer = calls[0].answer
        first = verdict_on(job, answer, records.get(answer.text)) if len(calls) > 1 else None
        return replace(case, ending=_ending(item, result.draft, threshold), draft=result.draft, first=first)

    def _record(self, job: GenerationJob, text: str) -> JudgeRecord | None:
        return self.judge_model.records.get((job.job_id, text)) if self.judge_model else None


def _ending(item: Question | Unanswerable, draft: Draft, threshold: float) -> str:
    verdict = draft.verdict
    if risk.find(item.question):
        return "risky demand"
    if verdict.failed:
        return f"check {verdict.failed[0].name}"
    return "sent" if verdict.score >= threshold else "judge"


def report(cases: Sequence[Case], *, run: Run, probe: str, wall_s: float) -> str:
    """Return the figures as Markdown."""
    return "\n".join(_lines(cases, run, probe, wall_s)) + "\n"


def _lines(cases: Sequence[Case], run: Run, probe: str, wall_s: float) -> Iterator[str]:
    asked = [case for case in cases if isinstance(case.item, Question)]
    hopeless = [case for case in cases if isinstance(case.item, Unanswerable)]
    sent = [case for case in asked if case.ending == "sent"]
    engine, threshold = run.engine, run.settings.answer_threshold
    yield f"# {engine.model or engine.name} on the basket"
    yield ""
    yield (
        f"{datetime.now(UTC):%Y-%m-%d}, engine {engine.name}, prompts {engine.prompt_version}, threshold {threshold}, "
        f"{os.cpu_count()} cores here, {len(cases)} questions in {wall_s:.0f} s"
    )
    yield from ("", "| what | figure |", "|---|---|")
    yield f"| questions answered | {_share([case.ending == 'sent' for case in asked])} |"
    yield f"| of these from a right source | {_share([case.right for case in sent])} |"
    yield f"| unanswerable questions answered | {_share([case.ending == 'sent' for case in hopeless])} |"
    yield from _judged([case for case in cases if case.draft])
    yield from _retried([case for case in cases if case.first], threshold)
    yield from _speed(cases, wall_s)
    yield f"| structured output (`response_format: json_schema`) | {probe} |"
    yield from ("", "Why a person was called:", "", "| reason | questions | unanswerable |", "|---|---|---|")
    endings = Counter(case.ending for case in asked), Counter(case.ending for case in hopeless)
    for name in sorted({*endings[0], *endings[1]} - {"sent"}):
        yield f"| {name} | {endings[0][name]} | {endings[1][name]} |"
    yield from _calibration([case for case in cases if case.draft])
    yield ""
    yield "«Right» means that a document which truly answers is cited; whether the words are right, read for yourself."


def _judged(drafts: Sequence[Case]) -> Iterator[str]:
    def separation(name: str) -> str:
        def value(case: Case) -> float | None:
            verdict = case.draft.verdict if case.draft else None
            return None if verdict is None else verdict.score if name == "score" else verdict.features.get(name)

        found = [(case.right, number) for case in drafts if (number := value(case)) is not None]
        area = auroc([n for right, n in found if right], [n for right, n in found if not right])
        return "nothing to compare" if area is None else f"{area:.3f} over {len(found)} drafts"

    yield f"| judge: AUROC of the score, right drafts against the others | {separation('score')} |"
    for name in ("supported", "relevant"):
        if any(name in case.draft.verdict.features for case in drafts if case.draft):
            yield f"| judge: AUROC of the model's opinion «{name}» alone | {separation(name)} |"
    records = [record for case in drafts for record in case.asked]
    if records:
        heard = [record for record in records if not record.unheard]
        took = f", p50 {statistics.median(record.ms for record in heard):.0f} ms" if heard else ""
        yield f"| judge model {records[0].model}: heard / asked | {len(heard)} / {len(records)}{took} |"
        for reason, times in Counter(record.unheard for record in records if record.unheard).most_common(3):
            yield f"| judge model: not heard, because | {times} × {reason} |"


def _retried(retried: Sequence[Case], threshold: float) -> Iterator[str]:
    won = [case for case in retried if case.ending == "sent" and case.first and case.first.score < threshold]
    extra_s = sum(call.seconds for case in retried for call in case.calls[1:])
    yield (
        f"| retry: tried / answered because of it / of these right | {len(retried)} / {len(won)} / "
        f"{sum(case.right for case in won)}, {extra_s:.0f} s spent |"
    )


def _speed(cases: Sequence[Case], wall_s: float) -> Iterator[str]:
    spent = [case.seconds for case in cases if case.draft]
    if not spent:
        yield "| seconds per answer | no draft at all |"
        return
    yield (
        f"| seconds per answer, judge and retry included | p50 {statistics.median(spent):.2f}, "
        f"p95 {percentile(spent, 0.95):.2f} |"
    )
    calls = [call for case in cases for call in case.calls if call.answer.tokens.get("written")]
    if calls:
        written = sum(call.answer.tokens["written"] for call in calls)
        alone = written / sum(call.seconds for call in calls)
        yield f"| tokens written a second: one answer / all together | {alone:.1f} / {written / wall_s:.1f} |"


def _calibration(drafts: Sequence[Case]) -> Iterator[str]:
    yield from ("", "Calibration of the score:", "", "| score | drafts | mean score | right |", "|---|---|---|---|")
    scored = [(case.draft.verdict.score, case.right) for case in drafts if case.draft]
    error = 0.0
    for i in range(BINS):
        some = [(score, right) for score, right in scored if min(BINS - 1, int(score * BINS)) == i]
        if some:
            mean, share = statistics.mean(score for score, _ in some), sum(right for _, right in some) / len(some)
            error += abs(mean - share) * len(some) / len(scored)
            yield f"| {i / BINS:.1f}–{(i + 1) / BINS:.1f} | {len(some)} | {mean:.2f} | {share:.2f} |"
    yield from ("", f"Expected calibration error: {error:.3f}." if scored else "There was no draft to calibrate on.")


def _share(outcomes: Sequence[bool]) -> str:
    share = Share.of(outcomes)
    low, high = share.interval
    return f"{share.value:.1%} of {share.total} (95 %: {low:.0%}–{high:.0%})"


def probed(engine: Engine) -> str:
    """Say whether the model can be held to a form, as the engine found out when it was checked."""
    if not isinstance(engine, FormFiller):
        return "not asked of this engine"
    return "obeyed" if engine.fills_forms else "ignored or refused: the model answers, but reads no messages"


def measure(settings: Settings, *, basket: Path | None, most: int | None) -> str:
    """Run the basket's questions, at most so many of each kind, and return the report.

    Raises:
        ValueError, EngineError, BasketError: the engine or the basket cannot be used.
    """
    asked = baskets.load(basket or baskets.OWN_BASKET)
    inner = engines.create(settings)
    engine = Recorder(inner)
    engine.check()
    served = engines.create_judge(settings)
    judge_model = JudgeRecorder(served) if served else None
    if judge_model:
        judge_model.check()
    probe = probed(inner)
    with tempfile.TemporaryDirectory(prefix="otvet-llm-") as folder:
        store = ReleaseStore(Path(folder))
        built = store.build(PACKAGE_ROOT / "otvet" / "demo_shop" / "knowledge")
        run = Run(knowledge=store.open(built.release), engine=engine, settings=settings, judge_model=judge_model)
        items: list[Question | Unanswerable] = [*asked.questions[:most], *asked.unanswerable[:most]]
        began = time.perf_counter()
        with ThreadPoolExecutor(engines.slots(settings)) as pool:
            cases = list(pool.map(run.take, range(1, len(items) + 1), items))
        return report(cases, run=run, probe=probe, wall_s=time.perf_counter() - began)


def main() -> int:
    """Measure what the settings name; print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.llm", description=__doc__)
    parser.add_argument("--basket", type=Path, help="another basket than evaluation/basket")
    parser.add_argument("--most", type=int, metavar="N", help="only the first N questions of each kind")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report here too")
    given = parser.parse_args()
    try:
        named = os.environ.get("ENGINE") or ("openai" if os.environ.get("LLM_URL") else None)
        settings = load(**({"engine": named} if named else {}))
        text = measure(settings, basket=given.basket, most=given.most)
    except (SettingsError, ValueError, EngineError, baskets.BasketError) as error:
        sys.stderr.write(f"{error}\n")
        return _UNUSABLE
    sys.stdout.write(text)
    if given.output:
        given.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
