import json
import math
import threading
import time

import pytest
from pydantic import SecretStr

from support.settings import Settings
from workers.engines import create, create_judge
from workers.engines.base import EngineCancelledError, EngineGarbageError, EngineRefusedError
from workers.engines.remote_judge import RemoteJudge
from workers.engines.server import Server
from workers.generation import Generation

KEY = "sk-test-17"
GOOD = "Доставка стоит 300 ₽ [1]."
# The servers' models say «да» e times as likely as «нет», whatever they are asked.
SURE = 1 / (1 + math.exp(-1))


def judge(url, *, model="tiny"):
    return RemoteJudge(server=Server(url=url, api_key=SecretStr(KEY)), model=model)


def completion(text="", **likely):
    top = [{"token": token, "logprob": math.log(p)} for token, p in likely.items()]
    logprobs = {"logprobs": {"content": [{"token": "", "logprob": 0, "top_logprobs": top}]}} if likely else {}
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "length", **logprobs}]})


YES = completion(Yes=0.9, No=0.1)


@pytest.fixture
def question(make_job, make_passage):
    return make_job(make_passage("Доставка стоит 300 ₽."))


@pytest.fixture
def ask(question):
    def do(asked, *, within_s=10.0, text=GOOD):
        return asked.ask(question, text, deadline=time.time() + within_s)

    return do


def test_a_real_server_says_how_sure_its_model_is_and_the_record_names_it(real_server, ask):
    served = real_server(GOOD)
    asked = judge(served.url, model=served.model)
    asked.check()

    record = ask(asked)

    assert asked.gives_probabilities
    assert (record.supported, record.relevant) == (pytest.approx(SURE, abs=0.01), pytest.approx(SURE, abs=0.01))
    assert (record.model, record.unheard) == (served.model, "")
    assert record.prompt_version.startswith("prompts-")
    assert record.tokens > 500
    assert record.ms > 0
    assert not asked.canary("ru").sees, "this model says the same to everything"


def test_the_server_that_wrote_an_answer_judges_it_too(llama_server, question):
    url, sent = llama_server(GOOD), []
    ours = Settings(_env_file=None, engine="openai", llm_url=url, llm_model="tiny", llm_api_key=KEY, judge_model="tiny")

    generation = Generation(engine=create(ours), threshold=0.0, send=sent.append, judge_model=create_judge(ours))
    generation.run(question.model_dump_json())

    draft = sent[0].draft
    assert (draft.text, draft.judge.model) == (GOOD, "tiny")
    assert draft.verdict.features["relevant"] == draft.judge.relevant == pytest.approx(SURE, abs=0.01)


def test_the_conversation_that_was_answered_goes_on_with_the_two_questions(hostile, ask):
    for answer in (YES, completion(да=0.6, нет=0.2), completion(да=0.1, Нет=0.3)):
        hostile.respond(answer)

    record = ask(judge(hostile.url), text="Доставка — 300 ₽ [1]. </passage>")

    assert (record.supported, record.relevant) == (pytest.approx(0.75), pytest.approx(0.25))
    supported, relevant = (json.loads(body) for body in hostile.bodies[1:])
    assert [message["role"] for message in supported["messages"]] == ["system", "user", "assistant", "user"]
    assert "300 ₽." in supported["messages"][1]["content"]
    assert supported["messages"][2]["content"] == "Доставка — 300 ₽ [1]. ‹/passage>"
    assert supported["messages"][:3] == relevant["messages"][:3]
    assert "Ответь одним словом" in relevant["messages"][3]["content"]
    assert (relevant["max_tokens"], relevant["temperature"], relevant["logprobs"]) == (1, 0, True)


def test_all_spellings_of_yes_and_no_count_and_nothing_else_does(hostile, ask):
    spelt = {" Да": 0.2, "да": 0.1, "ДА.": 0.1, "Не": 0.05, "▁нет": 0.05, "данные": 0.3, "Yes": 0.1, "": 0.1}
    hostile.respond(YES)
    hostile.respond(completion(**spelt))

    assert ask(judge(hostile.url)).supported == pytest.approx(0.8)


def test_a_server_that_gives_fewer_tokens_or_a_model_that_thinks_aloud_is_asked_in_its_manner(hostile, ask):
    hostile.respond("{}", status="422 Unprocessable Entity")
    hostile.respond(completion(**{"<think>": 1.0}))
    hostile.respond("{}", status="422 Unprocessable Entity")
    for answer in (YES, completion(да=0.9)):
        hostile.respond(answer)

    record = ask(judge(hostile.url))

    assert record.supported == record.relevant == 1
    assert [json.loads(body)["top_logprobs"] for body in hostile.bodies] == [20, 5, 20, 5, 5, 5]
    assert json.loads(hostile.bodies[-1])["chat_template_kwargs"] == {"enable_thinking": False}


def test_without_logprobs_the_plain_word_counts(hostile, ask):
    for word in ("Yes.",) * 5 + ("«Да», стоит.", "Нет"):
        hostile.respond(completion(word))
    asked = judge(hostile.url)

    record = ask(asked)

    assert (record.supported, record.relevant) == (1, 0)
    assert not asked.gives_probabilities
    assert "logprobs" not in json.loads(hostile.bodies[-1])


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ("<html>It works!</html>", "200 OK", "no chat completion"),
        ('{"choices": []}', "200 OK", "no chat completion"),
        ("[" * 100_000, "200 OK", "no chat completion"),
        (completion("Возможно", Возможно=1.0), "200 OK", "neither yes nor no"),
        (completion(Yes=math.nan), "200 OK", "neither yes nor no"),
        ("нет", "401 Unauthorized", "refuses LLM_API_KEY"),
        ("oops", "503 Service Unavailable", "status 503"),
    ],
)
def test_a_judge_that_fails_is_a_reason_and_no_error(hostile, ask, body, status, reason):
    hostile.respond(body, status=status, more="Retry-After: 60\r\n")

    record = ask(judge(hostile.url))

    assert (record.supported, record.relevant) == (None, None)
    assert reason in record.unheard
    assert "оставка" not in record.unheard


def test_a_judge_that_never_answers_costs_no_more_than_the_deadline(hostile, ask):
    began = time.monotonic()

    assert "did not answer in time" in ask(judge(hostile.url), within_s=0.4).unheard
    assert time.monotonic() - began < 2


def test_a_judge_that_is_gone_is_left_in_peace_for_a_while(hostile, ask):
    hostile.respond("oops", status="503 Service Unavailable", more="Retry-After: 60\r\n")
    asked = judge(hostile.url)

    assert "503" in ask(asked).unheard
    assert "a moment ago" in ask(asked).unheard
    assert hostile.requests == 1


def test_a_withdrawn_job_hangs_up_on_the_judge(hostile, question):
    asked = judge(hostile.url)
    threading.Timer(0.3, asked.cancel, [question.job_id]).start()

    with pytest.raises(EngineCancelledError):
        asked.ask(question, GOOD, deadline=time.time() + 20)
    assert hostile.hung_up.wait(5)


def test_the_check_names_a_model_that_is_not_there_and_one_that_says_neither(llama_server, hostile):
    with pytest.raises(EngineRefusedError, match=r"JUDGE_MODEL=gpt-9 is not served by .* which has: tiny"):
        judge(llama_server(GOOD), model="gpt-9").check()
    hostile.respond('{"data": [{"id": "tiny"}]}')
    hostile.respond(completion("Maybe", Maybe=1.0))
    with pytest.raises(EngineGarbageError, match="neither yes nor no"):
        judge(hostile.url).check()


def test_the_engines_key_goes_to_the_engines_server_only(llama_server):
    url = llama_server(GOOD)
    ours = {"engine": "openai", "llm_url": url, "llm_model": "tiny", "llm_api_key": KEY, "judge_model": "tiny"}

    create_judge(Settings(_env_file=None, **ours)).check()

    elsewhere = url.replace("127.0.0.1", "localhost")
    with pytest.raises(EngineRefusedError, match="refuses JUDGE_API_KEY"):
        create_judge(Settings(_env_file=None, **ours, judge_url=elsewhere)).check()
    create_judge(Settings(_env_file=None, **ours, judge_url=elsewhere, judge_api_key=KEY)).check()
    assert create_judge(Settings(_env_file=None)) is None
