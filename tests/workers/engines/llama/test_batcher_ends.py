"""How a batcher's answers end before they are done: cancelled, late, thrown away, failed, closed."""

import gc
import random
import threading
import time

import pytest

from tests.workers.engines.llama.asking import RULES, answer, soon
from workers.engines.base import EngineCancelledError, EngineTimeoutError, EngineUnavailableError
from workers.engines.llama.lanes import Cancellation

OTHER_RULES = "How do I return an item? Доставка стоит 300 рублей. " * 4
QUESTIONS = [f"Вопрос {i}: {'где мой заказ? ' * i}" for i in range(1, 9)]


@pytest.mark.parametrize("after_s", [0.05, 0.6], ids=["while the prompt is read", "in the middle of the answer"])
def test_a_cancelled_job_ends_at_once_and_changes_nothing_for_the_others(batch, at_once, after_s):
    expected = answer(batch(), QUESTIONS[3], budget=40).text
    batcher = batch(pause_s=0.004)
    cancellation = Cancellation()
    cancelled_at = []

    def cancel():
        time.sleep(after_s)
        cancellation.asked = True
        cancelled_at.append(time.monotonic())
        batcher.notice()

    def victim():
        try:
            answer(batcher, "я" * 50, budget=200, cancellation=cancellation)
        except EngineCancelledError:
            return time.monotonic() - cancelled_at[0]

    took_s, other, _ = at_once(victim, lambda: answer(batcher, QUESTIONS[3], budget=40).text, cancel)

    assert took_s < 0.15
    assert other == expected


def test_on_a_gpu_which_finishes_what_it_began_a_cancel_waits_for_a_short_step_only(batch, at_once):
    batcher = batch(pause_s=0.004, on_gpu=True)
    cancellation = Cancellation()
    cancelled_at = []

    def cancel():
        time.sleep(0.45)
        cancellation.asked = True
        cancelled_at.append(time.monotonic())
        batcher.notice()

    result, _ = at_once(lambda: answer(batcher, "я" * 600, cancellation=cancellation), cancel)

    assert isinstance(result, EngineCancelledError)
    assert time.monotonic() - cancelled_at[0] < 0.3


def test_a_job_that_waits_for_a_place_can_be_cancelled(batch, at_once):
    batcher = batch(limit=1)
    cancellation = Cancellation()
    with batcher.open([], room=10, deadline=soon()):

        def cancel():
            time.sleep(0.1)
            cancellation.asked = True
            batcher.notice()

        result, _ = at_once(lambda: answer(batcher, "а", cancellation=cancellation), cancel)

    assert isinstance(result, EngineCancelledError)


def test_an_answer_is_given_up_at_its_deadline(batch):
    batcher = batch(pause_s=0.01)
    started = time.monotonic()

    with pytest.raises(EngineTimeoutError):
        answer(batcher, "а", budget=500, deadline=soon(0.5))

    assert 0.3 < time.monotonic() - started < 1.5


def test_a_client_that_never_closes_loses_its_place_at_its_deadline(batch):
    batcher = batch(cells=512, limit=1)
    forgotten = batcher.open([], room=500, deadline=soon(0.5))

    assert answer(batcher, "а", rules="", budget=300).tokens == 300
    with pytest.raises(EngineTimeoutError):
        forgotten.read([1])


def test_a_handle_that_is_thrown_away_gives_its_place_back(batch):
    batcher = batch(cells=512, limit=1)
    sequence = batcher.open([], room=500, deadline=soon(3600))
    del sequence
    gc.collect()

    assert answer(batcher, "а", rules="", budget=300, deadline=soon(10)).tokens == 300


def test_a_library_that_fails_fails_everybody_and_is_said_to_be_broken(batch, at_once):
    batcher = batch(pause_s=0.01)
    threading.Timer(0.2, lambda: setattr(batcher._context, "broken", True)).start()

    results = at_once(*(lambda q=q: answer(batcher, q, budget=400) for q in QUESTIONS[:3]))

    assert all(isinstance(result, EngineUnavailableError) for result in results)
    assert batcher.stalled_s() == float("inf")
    with pytest.raises(EngineUnavailableError):
        batcher.open([], room=10, deadline=soon())


def test_when_cells_are_missing_the_last_one_goes_without(batch, at_once):
    expected = answer(batch(), QUESTIONS[0]).text
    batcher = batch(pause_s=0.002)
    batcher._context.full = 1

    results = at_once(*(lambda: answer(batcher, QUESTIONS[0]).text for _ in range(3)))

    assert sum(isinstance(result, EngineUnavailableError) for result in results) == 1
    assert results.count(expected) == 2


def test_a_step_that_hangs_is_seen_as_a_stall_and_idleness_is_not(batch):
    batcher = batch()
    assert answer(batcher, "а", budget=3).tokens == 3
    time.sleep(0.3)
    assert batcher.stalled_s() == 0

    batcher._context.pause_s = 0.2
    threading.Timer(0.8, batcher.close).start()
    stalls = []
    threading.Timer(0.6, lambda: stalls.append(batcher.stalled_s())).start()
    with pytest.raises(EngineUnavailableError):
        answer(batcher, "а" * 20)

    assert stalls[0] > 0.3


def test_closing_ends_whoever_waits(batch, at_once):
    batcher = batch(pause_s=0.01)
    threading.Timer(0.2, batcher.close).start()

    [result] = at_once(lambda: answer(batcher, "а", budget=500))

    assert isinstance(result, EngineUnavailableError)


@pytest.mark.parametrize("seed", range(3))
def test_after_any_crowd_every_cell_is_free_again(batch, at_once, seed):
    chance = random.Random(seed)  # noqa: S311  # a repeatable crowd
    batcher = batch(cells=1024, limit=3, pause_s=0.0005)

    def client(kind, size, rules):
        cancellation = Cancellation()
        if kind == "cancelled":

            def cancel():
                cancellation.asked = True
                batcher.notice()

            threading.Timer(chance.uniform(0, 0.3), cancel).start()
        deadline = soon(0.2) if kind == "late" else soon()
        return answer(batcher, "а" * size, rules=rules, budget=size, deadline=deadline, cancellation=cancellation)

    kinds = ["served", "cancelled", "late"]
    crowd = [(chance.choice(kinds), chance.randint(1, 120), chance.choice([RULES, OTHER_RULES, ""])) for _ in range(24)]

    results = at_once(*(lambda c=c: client(*c) for c in crowd))

    for (kind, size, _), result in zip(crowd, results, strict=True):
        if kind == "served":
            assert result.tokens == size
        else:
            assert isinstance(result, EngineCancelledError | EngineTimeoutError) or result.tokens == size
    with batcher.open([], room=1024, deadline=soon()) as sequence:
        sequence.read([1] * 1000)
