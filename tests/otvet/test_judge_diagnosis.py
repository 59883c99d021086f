import json
import math
import socket

from aiohttp import web
from aiohttp.test_utils import TestServer

from otvet.diagnosis import Finding, Mark
from otvet.judge_diagnosis import examine_judge
from support.settings import Settings
from workers.promptbook import phrase

INVENTED = {phrase("ru", "canary", "invented"), phrase("en", "canary", "invented")}


async def findings(*, blind: bool = False, logprobs: bool = True, knows: str = "wise") -> list[Finding]:
    """Examine a judge that sees what is invented, as people would."""

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": knows}]})

    async def complete(request: web.Request) -> web.Response:
        asked = await request.json()
        agrees = blind or asked["messages"][2]["content"] not in INVENTED
        russian = "Ответь" in asked["messages"][3]["content"]
        yes, no = ("Да", "Нет") if russian else ("Yes", "No")
        likely = [(yes, 0.9), (no, 0.1)] if agrees else [(no, 0.9), (yes, 0.1)]
        choice: dict[str, object] = {"message": {"content": likely[0][0]}}
        if logprobs:
            top = [{"token": token, "logprob": math.log(p)} for token, p in likely]
            choice["logprobs"] = {"content": [{"token": likely[0][0], "top_logprobs": top}]}
        return web.Response(text=json.dumps({"choices": [choice]}), content_type="application/json")

    app = web.Application()
    app.router.add_get("/v1/models", models)
    app.router.add_post("/v1/chat/completions", complete)
    async with TestServer(app) as server:
        url = str(server.make_url("/v1"))
        return await examine_judge(Settings(_env_file=None, judge_url=url, judge_model="wise"))


async def test_a_judge_model_that_sees_what_is_invented_is_well():
    [found] = await findings()
    assert found.mark is Mark.GOOD
    assert "JUDGE_MODEL=wise is asked" in found.sentence


async def test_one_that_believes_everything_or_tells_no_logprobs_is_doubtful():
    well, russian, english = await findings(blind=True)
    assert (well.mark, russian.mark, english.mark) == (Mark.GOOD, Mark.DOUBTFUL, Mark.DOUBTFUL)
    assert "In Russian the judge model does not tell" in russian.sentence
    assert "0.90 and 0.90" in english.sentence
    assert "no logprobs" in (await findings(logprobs=False))[1].sentence


async def test_one_that_is_not_there_is_said_with_what_that_means():
    [unknown] = await findings(knows="small")
    assert unknown.mark is Mark.WRONG
    assert "JUDGE_MODEL=wise is not served" in unknown.sentence
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        [gone] = await examine_judge(Settings(_env_file=None, judge_url=url, judge_model="wise"))
    assert "cannot be reached" in gone.sentence
    assert "need a higher score" in gone.sentence
    assert await examine_judge(Settings(_env_file=None)) == []
