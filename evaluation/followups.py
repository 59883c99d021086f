"""Is a follow-up understood, and is a question that stands alone left alone? Runs the support desk itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from evaluation.answers import Answering
from evaluation.baskets import FollowUp, Question, Unanswerable
from evaluation.desk_stage import DeskStage
from evaluation.figures import Share
from evaluation.report import Failure, FollowUpsReport, by_language
from support import followups, outcomes
from support.jobs import GenerationJob

_FIRST_CHAT: Final = 100_000
"""Chats of the other measurements come before it."""
_A_PERSON: Final = "a person"


@dataclass(frozen=True, slots=True)
class Heard:
    """What the desk made of a dialogue's second turn."""

    dialogue: FollowUp
    alone: GenerationJob | None
    """Asked by a customer who has said nothing before; None when it was no question for the knowledge base."""
    continued: GenerationJob | None
    """Asked after the first turn was answered."""

    def is_right(self, job: GenerationJob | None) -> bool:
        """Whether the right article stands first."""
        return job is not None and job.passages[0].source in self.dialogue.sources


async def measure_followups(
    dialogues: Sequence[FollowUp], asked: Sequence[Question | Unanswerable], stage: DeskStage, path: Answering
) -> FollowUpsReport:
    """Play every dialogue; hold every question that stands alone against the last one as if it had been asked next."""
    heard = [await _hear(dialogue, _FIRST_CHAT + 2 * number, stage) for number, dialogue in enumerate(dialogues)]
    meant = [one for one in heard if one.dialogue.sources]
    hopeless = [one for one in heard if not one.dialogue.sources]
    answered = [_is_sent(one, path) for one in hopeless]
    topic = dialogues[0].first if dialogues else ""
    return FollowUpsReport(
        right_alone=by_language(((one.dialogue.language, one.is_right(one.alone)) for one in meant), Share.of),
        right_continued=by_language(((one.dialogue.language, one.is_right(one.continued)) for one in meant), Share.of),
        unanswerable_answered=by_language(
            zip((one.dialogue.language for one in hopeless), answered, strict=True), Share.of
        ),
        standing_alone_changed=by_language(
            ((item.language, followups.complete(item.question, topic) is not None) for item in asked), Share.of
        ),
        failures=(
            *(_failure(one, ", ".join(one.dialogue.sources)) for one in meant if not one.is_right(one.continued)),
            *(_failure(one, _A_PERSON) for one, sent in zip(hopeless, answered, strict=True) if sent),
        ),
    )


async def _hear(dialogue: FollowUp, chat_id: int, stage: DeskStage) -> Heard:
    alone = await stage.hear(chat_id, dialogue.language, dialogue.then)
    first = await stage.hear(chat_id + 1, dialogue.language, dialogue.first)
    if isinstance(first, outcomes.Generating):
        await stage.answer(first.job)
    return Heard(dialogue, _job(alone), _job(await stage.hear(chat_id + 1, dialogue.language, dialogue.then)))


def _job(outcome: outcomes.Outcome | None) -> GenerationJob | None:
    return outcome.job if isinstance(outcome, outcomes.Generating) else None


def _is_sent(heard: Heard, path: Answering) -> bool:
    job, dialogue = heard.continued, heard.dialogue
    if job is None:
        return False
    item = Unanswerable(id=dialogue.id, language=dialogue.language, question=dialogue.then)
    return path.settle(item, max(job.answerable), job).sent


def _failure(heard: Heard, wanted: str) -> Failure:
    dialogue, job = heard.dialogue, heard.continued
    got = "no question" if job is None else f"{job.passages[0].source} for «{job.parts[0]}»"
    text = f"{dialogue.first} {dialogue.then}"
    return Failure(id=dialogue.id, language=dialogue.language, text=text, wanted=wanted, got=got)
