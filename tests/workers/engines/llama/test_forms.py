"""Forms: whatever tokens a model would like, the grammar lets through what can be read."""

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.readings import Choice, Reading, ReadingRequest, Wanted
from workers import forms
from workers.engines.base import EngineGarbageError, EngineOverflowError, EngineTimeoutError, FormFiller
from workers.engines.llama.engine import LlamaEngine
from workers.engines.llama.sampling import Sampler, Sampling

MOST_TOKENS = 2000
CHOICES = (Choice(name="question", meaning="…"), Choice(name="order_status", meaning="…"))


def request(wanted, choices=CHOICES, *, text="Где заказ кд 10 427?"):
    return ReadingRequest(id="r", text=text, choices=choices, wanted=wanted, language="ru", deadline=time.time() + 20)


def tokens(model, grammar, *, chance):
    """Write with logits of pure chance; the model's own end is as likely as any token."""
    sampler = Sampler(model, Sampling(grammar=grammar))
    written = b""
    try:
        for _ in range(MOST_TOKENS):
            token = sampler.choose(chance.standard_normal(model.vocabulary, np.float32))
            if model.ends(token):
                return written.decode(errors="replace")
            written += model.piece(token)
    finally:
        sampler.close()
    raise AssertionError("the grammar never ends")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.sampled_from(list(Wanted)), min_size=1, unique=True).map(tuple),
    st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4, unique=True),
)
def test_every_stream_of_tokens_that_a_grammar_lets_through_can_be_read(noise, seed, wanted, names):
    choices = tuple(Choice(name=name, meaning="…") for name in names)
    asked = request(wanted, choices)

    text = tokens(noise, forms.form(asked).grammar, chance=np.random.default_rng(seed))

    assert isinstance(forms.read(asked, text), Reading)


@pytest.fixture
def noisy(noise_path):
    made = LlamaEngine(path=noise_path, slots=2, threads=1)
    made.load()
    yield made
    made.close()


def test_a_model_of_noise_chooses_one_of_the_intents(noisy):
    asked = request((Wanted.INTENT,))

    reading = forms.read(asked, noisy.fill(forms.form(asked), deadline=time.time() + 20))

    assert isinstance(noisy, FormFiller)
    assert noisy.fills_forms
    assert reading.intent in {"question", "order_status", None}


def test_a_form_ends_at_its_deadline_and_a_message_that_does_not_fit_is_refused(noisy):
    made = forms.form(request((Wanted.INTENT,)))
    with pytest.raises(EngineTimeoutError):
        noisy.fill(made, deadline=time.time() - 1)
    with pytest.raises(EngineOverflowError):
        noisy.fill(forms.form(request((Wanted.INTENT,), text="заказ " * 5000)), deadline=time.time() + 20)


def test_a_form_that_is_not_finished_within_its_budget_is_no_form(noisy):
    short = dataclasses.replace(forms.form(request((Wanted.QUESTION,))), budget=3)
    with pytest.raises(EngineGarbageError, match="did not finish"):
        noisy.fill(short, deadline=time.time() + 20)
