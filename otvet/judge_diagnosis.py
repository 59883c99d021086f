"""The doctor's look at the judge model: is it there, what does it tell, and does it see what is plain."""

import asyncio
from typing import Final

from otvet.findings import Finding, doubtful, good, wrong
from support.jobs import Language
from support.settings import Settings
from workers import engines
from workers.engines.base import EngineError
from workers.engines.remote_judge import Canary, RemoteJudge

_WITHOUT: Final = "Until then answers are judged without it and need a higher score"
_LANGUAGES: Final[dict[Language, str]] = {"ru": "Russian", "en": "English"}


async def examine_judge(settings: Settings) -> list[Finding]:
    """Ask the judge model about answers that are known; nothing is said where none is configured."""
    judge = engines.create_judge(settings)
    return [] if judge is None else await asyncio.to_thread(_examine, judge)


def _examine(judge: RemoteJudge) -> list[Finding]:
    try:
        judge.check()
        canaries = {name: judge.canary(language) for language, name in _LANGUAGES.items()}
    except EngineError as error:
        return [wrong(f"The judge model cannot be asked: {error}. {_WITHOUT}.")]
    took = max(canary.ms for canary in canaries.values())
    findings = [good(f"JUDGE_MODEL={judge.model} is asked about every answer, in {took:.0f} ms.")]
    if not judge.gives_probabilities:
        findings.append(
            doubtful(
                "The judge model's server gives no logprobs: its yes or no counts as 1 or 0, a hesitation is lost."
            )
        )
    findings.extend(_blind(name, canary) for name, canary in canaries.items() if not canary.sees)
    return findings


def _blind(language: str, canary: Canary) -> Finding:
    return doubtful(
        f"In {language} the judge model does not tell a right answer from an invented one (supported: "
        f"{canary.right:.2f} and {canary.invented:.2f}): name another JUDGE_MODEL."
    )
