"""What customers ask in these tests, and what a worker makes of it."""

from support.jobs import Draft, GenerationJob, GenerationResult, Verdict

QUESTION = "Сколько дней есть на возврат товара?"


def result_of(turn, *, epoch=None):
    job = GenerationJob.model_validate_json(turn.job)
    draft = Draft(
        text="За 30 дней. [1]",
        citations=(1,),
        verdict=Verdict(score=0.9),
        engine="fake",
        model="none",
        prompt_version="p",
    )
    return GenerationResult(turn_id=turn.id, epoch=epoch or job.epoch, attempt=job.attempt, draft=draft)
