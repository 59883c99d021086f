import pytest
from pydantic import ValidationError

from support.builds import parse_event
from support.jobs import GenerationJob, GenerationResult


@pytest.mark.parametrize("kind", [GenerationJob, GenerationResult])
def test_what_cannot_be_read_is_not_repeated_in_the_error(kind):
    with pytest.raises(ValidationError) as caught:
        kind.model_validate_json('{"turn_id": "мой телефон 89161234501", "question": "мой телефон 89161234501"}')

    assert "89161234501" not in str(caught.value)


def test_an_event_that_is_none_is_a_value_error():
    with pytest.raises(ValueError, match="kind"):
        parse_event('{"kind": "unheard-of"}')


def test_the_same_turn_epoch_and_attempt_have_the_same_job_id():
    job = GenerationJob(
        turn_id=7, epoch=2, attempt=1, question="?", parts=("?",), passages=(), answerable=(), language="ru", deadline=0
    )

    assert job.job_id == "t-7-2-1"
    assert GenerationJob.model_validate_json(job.model_dump_json()) == job
