import json
import threading
import time
from contextlib import ExitStack, closing

import numpy as np
import pytest

from tests.workers.engines.llama.asking import RULES, answer, soon
from workers.engines.llama.batcher import Batcher
from workers.engines.llama.library import Abilities, Context, LlamaError, Model, abilities
from workers.engines.llama.sampling import Sampling

OTHER_RULES = "How do I return an item? Доставка стоит 300 рублей. " * 4
QUESTIONS = [f"Вопрос {i}: {'где мой заказ? ' * i}" for i in range(1, 9)]
JSON = r"""
root ::= "{" "\"intent\":" intent "," "\"order\":" (text | "null") "}"
intent ::= "\"faq\"" | "\"order_status\"" | "\"operator\""
text ::= "\"" ([^"\\\x00-\x1F\x7F] | "\\" ["\\bfnrt]){0,12} "\""
"""


def test_alone_or_in_a_batch_the_text_is_the_same(batch, at_once):
    batcher = batch(limit=8)
    alone = [answer(batcher, question).text for question in QUESTIONS]

    together = at_once(*(lambda q=q: answer(batcher, q).text for q in QUESTIONS))

    assert together == alone
    assert len(set(alone)) == len(alone), "the model listens to the question"
    assert batcher.counters.widest > 2


@pytest.mark.parametrize("turn_s", [0.0, 60.0])
def test_adapters_take_turns_and_change_only_their_own_answers(
    batch, noise, at_once, tiny_gguf, tmp_path, monkeypatch, turn_s
):
    monkeypatch.setattr("workers.engines.llama.batcher.ADAPTER_S", turn_s)
    adapters = [None]
    for seed in (1, 2):
        tiny_gguf.write_lora(tmp_path / f"{seed}.gguf", seed=seed)
        adapters.append(noise.adapter(tmp_path / f"{seed}.gguf"))
    tokens = noise.tokens

    def written(batcher, adapter, question):
        with batcher.open(tokens(RULES), room=200, deadline=soon(), adapter=adapter) as sequence:
            return sequence.write(tokens(question), budget=16).text

    asked = [(adapter, question) for question in QUESTIONS[:2] for adapter in adapters]
    alone = {adapter: batch() for adapter in adapters}
    expected = [written(alone[adapter], adapter, question) for adapter, question in asked]
    shared = batch(cells=4096, limit=6, prefixes=3)

    together = at_once(*(lambda one=one: written(shared, *one) for one in asked))

    assert together == expected
    assert len(set(expected)) == len(asked), "every adapter writes something else"
    assert shared.places.prefixes_read == len(adapters), "what one adapter has read is nothing to another"
    counted = shared.counters
    if turn_s:
        assert counted.adapted < counted.steps / 4, "an adapter is not given up while its turn lasts"
    else:
        assert counted.adapted > counted.steps / 4


def test_a_short_answer_joins_a_long_one_and_leaves_before_its_end(batch):
    batcher = batch(pause_s=0.003)
    ended = []
    long = threading.Thread(target=lambda: ended.append(("long", answer(batcher, "а", budget=120).tokens)))
    long.start()
    time.sleep(0.2)

    ended.append(("short", answer(batcher, "б", budget=3).tokens))
    long.join()

    assert ended == [("short", 3), ("long", 120)]


def test_simultaneous_questions_wait_for_one_reading_of_their_prefix(batch, at_once):
    batcher = batch(limit=4, pause_s=0.0005)

    at_once(*(lambda q=q: answer(batcher, q, budget=2) for q in QUESTIONS[:4]))

    prefix, questions = len(batcher.model.tokens(RULES)), [len(batcher.model.tokens(q)) for q in QUESTIONS[:4]]
    assert batcher.places.prefixes_read == 1
    assert batcher.counters.read == prefix + sum(questions) + 4, "and one more token of each answer"


def test_a_shared_prefix_changes_no_answer(batch, at_once):
    shared, unshared = batch(), batch(able=Abilities(copies=False, rewinds=True))
    asked = [(question, rules) for question in QUESTIONS[:3] for rules in (RULES, OTHER_RULES)]

    texts = [at_once(*(lambda q=q, r=r, b=b: answer(b, q, rules=r).text for q, r in asked)) for b in (shared, unshared)]

    assert texts[0] == texts[1]
    assert (shared.places.prefixes_read, unshared.places.prefixes_read) == (2, 0)


def test_the_least_recently_used_prefix_is_evicted_when_cells_run_out(batch):
    rules = [f"{n}. {RULES}" for n in range(3)]
    batcher = batch(cells=256, limit=1, prefixes=4)
    size = len(batcher.model.tokens(rules[0]))
    room = 256 - 2 * size - 10  # two prefixes and an answer fit, and no more

    def opened(n):
        with batcher.open(batcher.model.tokens(rules[n]), room=room, deadline=soon()) as sequence:
            sequence.read(batcher.model.tokens("да"))
            return sequence.copied > 0

    known = [opened(n) for n in (0, 1, 0, 2, 0, 1, 0)]

    assert known == [False, False, True, False, True, False, True], "0 was used more lately than 1"
    assert batcher.places.prefixes_evicted == 2


def test_what_can_never_fit_is_refused_at_once(batch):
    with pytest.raises(LlamaError, match="never fit"):
        batch(cells=512).open([1] * 100, room=500, deadline=soon())


def test_a_sequence_cannot_grow_beyond_its_room(batch):
    with batch().open([], room=10, deadline=soon()) as sequence:
        sequence.read([1, 2, 3])
        with pytest.raises(LlamaError, match="room for 10"):
            sequence.write([1], budget=7)


def test_who_does_not_fit_waits_for_a_place(batch, at_once):
    batcher = batch(cells=512, limit=4)

    results = at_once(*(lambda: answer(batcher, "а" * 20, rules="", budget=300).tokens for _ in range(4)))

    assert results == [300] * 4
    assert batcher.counters.widest == 1


def test_more_clients_than_sequences_are_all_served(batch, at_once):
    batcher = batch(limit=2)

    results = at_once(*(lambda q=q: answer(batcher, q, budget=5).tokens for q in QUESTIONS))

    assert results == [5] * len(QUESTIONS)
    assert batcher.counters.widest <= 3, "two sequences and a prefix"


def test_rounding_is_no_reason_to_read_everything_again_and_a_copy_that_copies_nothing_is(noise):
    class Rounding(Context):
        """Gives other last digits every time, as a GPU does."""

        def logits(self, i):
            found = super().logits(i)
            chance = np.random.default_rng()
            return found + 0.02 * found.std() * chance.standard_normal(len(found), np.float32)

    class Forgetful(Context):
        """Takes the wish to copy and does nothing."""

        def copy(self, source, target):
            pass

    found = []
    for kind in (Rounding, Forgetful):
        with closing(kind(noise, cells=256, sequences=2, batch=64, threads=1)) as context:
            found.append(abilities(context, noise.tokens("Где мой заказ")))

    assert found == [Abilities(copies=True, rewinds=True), Abilities(copies=False, rewinds=True)]


@pytest.mark.parametrize("seed", range(10))
def test_a_grammar_gives_valid_json_whatever_the_model_would_say(batch, at_once, seed):
    batcher = batch()

    results = at_once(
        *(
            lambda t=t: answer(
                batcher, "Где заказ?", budget=120, sampling=Sampling(temperature=t, seed=seed, grammar=JSON)
            )
            for t in (0.0, 1.0, 3.0)
        )
    )

    for written in results:
        value = json.loads(written.text)
        assert value["intent"] in {"faq", "order_status", "operator"}
        assert written.ended


def test_a_grammar_that_cannot_be_read_harms_only_its_client(batch):
    batcher = batch()

    with pytest.raises(LlamaError, match="grammar"):
        answer(batcher, "а", sampling=Sampling(grammar="root ::= nothing"))
    assert answer(batcher, "а", budget=3).tokens == 3


def test_chance_is_repeatable_by_its_seed(batch):
    batcher = batch()
    texts = [answer(batcher, "а", sampling=Sampling(temperature=1.5, seed=seed)).text for seed in (1, 1, 2)]

    assert texts[0] == texts[1] != texts[2]


def test_a_stop_string_across_tokens_ends_the_answer_before_it(batch):
    batcher = batch()
    whole = answer(batcher, "а", budget=40)
    pieces = [len(answer(batcher, "а", budget=n).text) for n in range(1, 40)]
    boundary = next(n for n in pieces if n > 5 and "\ufffd" not in whole.text[n - 2 : n + 2])
    stop = whole.text[boundary - 2 : boundary + 2]

    written = answer(batcher, "а", budget=40, stops=("###", stop))

    assert written.text == whole.text[: whole.text.index(stop)]
    assert written.ended
    assert written.tokens < 40


def test_a_question_on_the_answers_own_sequence_is_what_a_fresh_reading_would_say(batch):
    batcher, tokens = batch(), batch().model.tokens
    asked, first, second, ids = tokens("Где?"), tokens(" Верно?"), tokens(" Точно?"), [5, 50, 300]
    with batcher.open(tokens(RULES), room=100, deadline=soon()) as sequence:
        sequence.read(asked)
        length = sequence.length
        one = sequence.read(first, ids)
        sequence.rewind(length)
        two = sequence.read(second, ids)
        sequence.rewind(length)
        again = sequence.read(first, ids)
    fresh = []
    for question in (first, second):
        with batcher.open([], room=300, deadline=soon()) as sequence:
            fresh.append(sequence.read([*tokens(RULES), *asked, *question], ids))

    assert one == pytest.approx(fresh[0], rel=1e-3)
    assert two == pytest.approx(fresh[1], rel=1e-3)
    assert again == pytest.approx(one, rel=1e-3)


@pytest.mark.parametrize("copies", [True, False])
def test_a_memory_that_cannot_be_taken_back_is_read_again(batch, copies):
    able, unable = batch(), batch(able=Abilities(copies=copies, rewinds=False))
    tokens = able.model.tokens

    def judged(batcher):
        with batcher.open(tokens(RULES), room=200, deadline=soon()) as sequence:
            text = sequence.write(tokens("Где?"), budget=10).text
            length = sequence.length
            first = sequence.read(tokens(" Верно?"), [7])
            sequence.rewind(length)
            assert sequence.length == length
            return text, *first, *sequence.read(tokens(" Точно?"), [7])

    expected, found = judged(able), judged(unable)

    assert found[0] == expected[0]
    assert found[1:] == pytest.approx(expected[1:], rel=1e-3)


@pytest.fixture(scope="module")
def mamba(tiny_gguf, tmp_path_factory):
    path = tmp_path_factory.mktemp("gguf") / "mamba.gguf"
    tiny_gguf.write_recurrent(path)
    with closing(Model(path)) as model:
        yield model


def test_a_recurrent_model_is_found_out_and_judged_all_the_same(mamba, at_once):
    tokens = mamba.tokens
    with ExitStack() as stack:
        context = Context(mamba, cells=2048, sequences=6, batch=256, threads=1)
        stack.callback(context.close)
        able = abilities(context, tokens("Где мой заказ"))
        batcher = Batcher(mamba, context, able, limit=3)
        stack.callback(batcher.close)

        def judged(number):
            with batcher.open(tokens(RULES), room=200, deadline=soon()) as sequence:
                text = sequence.write(tokens(f"Где {number}?"), budget=10).text
                length = sequence.length
                first = sequence.read(tokens(" Верно?"), [7])
                sequence.rewind(length)
                return text, *first, *sequence.read(tokens(" Верно?"), [7])

        alone = [judged(number) for number in range(3)]
        together = at_once(*(lambda n=n: judged(n) for n in range(3)))

    assert able == Abilities(copies=True, rewinds=False)
    assert [text for text, *_ in together] == [text for text, *_ in alone]
    for _, first, again in (*alone, *together):
        assert again == pytest.approx(first, rel=1e-3)


def test_probabilities_of_all_tokens_are_one_together(batch):
    batcher = batch()
    with batcher.open([], room=10, deadline=soon()) as sequence:
        assert sum(sequence.read([1, 2], range(batcher.model.vocabulary))) == pytest.approx(1)
