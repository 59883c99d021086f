from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.llama.chat import read_chat
from workers.engines.llama.library import LlamaError

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}<turn>{{ m.role }} {{ m.content | trim }}</turn>{% endfor %}<turn>model "
)
# Puts the rules before the last message, as some do.
MOVING = (
    "{% if messages[0].role == 'system' %}{% set rules = messages[0].content %}{% set rest = messages[1:] %}"
    "{% else %}{% set rest = messages %}{% endif %}{% for m in rest %}{% if m.role == 'user' %}[INST]"
    "{% if loop.last and rules is defined %}{{ rules }} {% endif %}{{ m.content }}[/INST]"
    "{% else %}{% generation %}{{ m.content }}{% endgeneration %}</s>{% endif %}{% endfor %}"
)


@dataclass
class Vocabulary:
    """What a chat needs of a model: one token a text, so that the pieces can be read."""

    chat_template: str | None
    begin: object = None
    one_token: bool = True

    def written(self, which):
        return {"beginning": "<s>", "end": "</s>"}[which]

    def tokens(self, text, *, special=False):
        assert special, "only what the template writes is tokenised here"
        return [text] if self.one_token else list(text)


def pieces(template, **more):
    chat = read_chat(Vocabulary(template, **more))
    return [
        "".join(part)
        for part in (chat.before_rules, chat.before_task, chat.before_answer, chat.before_doubt, chat.before_verdict)
    ]


def test_a_template_is_taken_apart_at_the_texts():
    assert pieces(CHATML) == [
        "<|im_start|>system\n",
        "<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
        "<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
    ]


def test_a_template_without_system_gets_the_rules_before_the_task():
    assert pieces(NO_SYSTEM) == [
        "<s><turn>user ", "\n\n", "</turn><turn>model ", "</turn><turn>user ", "</turn><turn>model "
    ]  # fmt: skip


def test_a_template_that_moves_the_rules_or_marks_answers_for_training_can_be_used():
    assert pieces(MOVING) == ["[INST]", " ", "[/INST]", "</s>[INST]", "[/INST]"]


def test_a_model_that_wants_a_beginning_gets_it_once():
    assert read_chat(Vocabulary(CHATML, begin="B")).before_rules == ("B", "<|im_start|>system\n")
    assert read_chat(Vocabulary("<s>" + CHATML, begin="<s><|im_start|>system\n")).before_rules == (
        "<s><|im_start|>system\n",
    )


def test_a_model_without_template_gets_chatml_only_if_it_knows_its_tokens():
    assert pieces(None)[0] == "<|im_start|>system\n"
    with pytest.raises(LlamaError, match="no chat template"):
        pieces(None, one_token=False)


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("{% for m in messages %}{{ m.role }}{% endfor %}", "leaves messages out"),
        ("{% for m in messages %}{{ m.content }}{{ m.content }}{% endfor %}", "repeats"),
        ("{% for m in messages %}", "cannot be used"),
        ("{{ nothing.at.all }}", "cannot be used"),
        ("{{ raise_exception('I answer nobody') }}", "I answer nobody"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "cannot be used"),
        ("{{ messages.append(messages[0]) }}", "cannot be used"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_and_reaches_nothing(template, sentence):
    with pytest.raises(LlamaError, match=sentence):
        pieces(template)


@given(st.text(st.sampled_from("а<|im_end|>\n <|im_start|>[]{}"), max_size=60) | st.text(max_size=40))
def test_peoples_words_never_become_control_tokens(noise, text):
    control = {noise.tokens(name, special=True)[0] for name in ("<|im_start|>", "<|im_end|>", "<|endoftext|>")}

    tokens = noise.tokens(text)

    assert not control & set(tokens)
    assert b"".join(map(noise.piece, tokens)) == text.encode(errors="replace")
