import json
import socket
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from otvet import diagnosis
from otvet.findings import Finding, Mark
from sandbox.server import SandboxServer
from sandbox.world import DEMO_TOKEN, OPERATORS_CHAT_ID, demo_world, empty_world
from support import schema
from support.settings import Settings
from tests.workers import tiny_gguf


def settings(tmp_path: Path, **values: object) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path / "data", knowledge_dir=tmp_path / "articles", **values)


def only(findings: Sequence[Finding], mark: Mark, words: str) -> bool:
    return [finding.mark for finding in findings] == [mark] and words in findings[0].sentence


@pytest.fixture
def closed_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


async def test_a_missing_token_is_said(tmp_path):
    assert only(await diagnosis.examine_telegram(settings(tmp_path)), Mark.WRONG, "@BotFather")


async def test_a_wrong_token_is_said_without_showing_it(tmp_path):
    async with SandboxServer(demo_world()) as server:
        found = await diagnosis.examine_telegram(settings(tmp_path, telegram_api_url=server.url, bot_token="1:wrong"))
    assert only(found, Mark.WRONG, "401")
    assert "1:wrong" not in found[0].sentence


async def test_an_api_that_cannot_be_reached_is_said(tmp_path, closed_url):
    found = await diagnosis.examine_telegram(settings(tmp_path, telegram_api_url=closed_url, bot_token=DEMO_TOKEN))
    assert only(found, Mark.WRONG, "cannot be reached")


async def test_the_demos_world_is_well(tmp_path):
    async with SandboxServer(demo_world()) as server:
        found = await diagnosis.examine_telegram(
            settings(
                tmp_path,
                telegram_api_url=server.url,
                bot_token=DEMO_TOKEN,
                operators_chat_id=OPERATORS_CHAT_ID,
                admin_ids=9001,
            )
        )
    assert {finding.mark for finding in found} == {Mark.GOOD}, found


async def group_finding(tmp_path: Path, **parts: object) -> str:
    world = empty_world()
    if parts:
        world.add_group(-1001, "Operators", **parts)
    async with SandboxServer(world) as server:
        found = await diagnosis.examine_telegram(
            settings(tmp_path, telegram_api_url=server.url, bot_token=DEMO_TOKEN, operators_chat_id=-1001, admin_ids=1)
        )
    assert [finding.mark for finding in found] == [Mark.GOOD, Mark.WRONG]
    return found[1].sentence


async def test_a_group_that_the_bot_is_not_in_is_said(tmp_path):
    assert "add the bot" in await group_finding(tmp_path)


async def test_a_group_without_topics_is_said(tmp_path):
    assert "switch Topics on" in await group_finding(tmp_path, forum=False)


async def test_a_bot_that_is_no_administrator_is_said(tmp_path):
    assert "make it one" in await group_finding(tmp_path, bot_status="member")


async def test_missing_rights_are_named_as_telegram_names_them(tmp_path):
    sentence = await group_finding(tmp_path, bot_lacks=frozenset({"can_manage_topics", "can_pin_messages"}))
    assert "Manage topics, Pin messages" in sentence


async def test_a_missing_group_and_missing_admins_are_said(tmp_path):
    async with SandboxServer(demo_world()) as server:
        found = await diagnosis.examine_telegram(settings(tmp_path, telegram_api_url=server.url, bot_token=DEMO_TOKEN))
    assert [finding.mark for finding in found] == [Mark.GOOD, Mark.WRONG, Mark.DOUBTFUL]


async def test_a_database_without_tables_is_said_and_one_with_them_is_well(tmp_path):
    ours = settings(tmp_path)
    assert only(await diagnosis.examine_database(ours), Mark.WRONG, "otvet db upgrade")
    await schema.upgrade(ours.sql_url)
    assert only(await diagnosis.examine_database(ours), Mark.GOOD, "answers")


async def test_a_database_that_does_not_answer_is_said(tmp_path):
    found = await diagnosis.examine_database(settings(tmp_path, database_url="postgresql://a:secret@127.0.0.1:1/x"))
    assert only(found, Mark.WRONG, "DATABASE_URL")
    assert "secret" not in found[0].sentence


async def test_a_data_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "data").write_text("a file")
    assert only(await diagnosis.examine_disk(settings(tmp_path)), Mark.WRONG, "cannot be written")


async def test_missing_articles_and_a_missing_release_are_said(tmp_path):
    found = await diagnosis.examine_knowledge(settings(tmp_path))
    assert [finding.mark for finding in found] == [Mark.WRONG, Mark.WRONG]
    assert "put your articles there" in found[0].sentence
    assert "otvet kb build" in found[1].sentence


async def test_a_redis_that_does_not_answer_is_said(tmp_path):
    found = await diagnosis.examine_redis(settings(tmp_path, redis_url="redis://127.0.0.1:1"))
    assert only(found, Mark.WRONG, "does not answer")


async def test_an_embedded_redis_need_not_run_while_nothing_else_does(tmp_path):
    assert only(await diagnosis.examine_redis(settings(tmp_path)), Mark.GOOD, "otvet run starts it")


async def engine_findings(tmp_path: Path, answer: web.Response, *, obeys: bool = False, **more: str) -> list[Finding]:
    async def models(request: web.Request) -> web.Response:
        return web.Response(body=answer.body, status=answer.status, content_type=answer.content_type)

    async def complete(request: web.Request) -> web.Response:
        schema = (await request.json())["response_format"]["json_schema"]["schema"]
        filled = json.dumps({name: one["enum"][0] for name, one in schema["properties"].items()})
        choice = {"message": {"content": filled if obeys else "Hello!"}, "finish_reason": "stop"}
        return web.json_response({"choices": [choice]})

    app = web.Application()
    app.router.add_get("/v1/models", models)
    app.router.add_post("/v1/chat/completions", complete)
    async with TestServer(app) as server:
        return await diagnosis.examine_engine(
            settings(tmp_path, engine="openai", llm_url=str(server.make_url("/v1")), llm_model="small", **more)
        )


async def test_a_language_model_that_is_there_is_well(tmp_path):
    answer = web.json_response({"data": [{"id": "small"}]})
    found = await engine_findings(tmp_path, answer, obeys=True)
    assert [finding.mark for finding in found] == [Mark.GOOD, Mark.GOOD]
    assert "has small" in found[0].sentence


async def test_a_server_that_ignores_json_schemas_is_doubtful(tmp_path):
    answer = web.json_response({"data": [{"id": "small"}]})
    found = await engine_findings(tmp_path, answer)
    assert [finding.mark for finding in found] == [Mark.GOOD, Mark.DOUBTFUL]
    assert "json_schema" in found[1].sentence


async def test_a_language_model_that_is_not_there_is_said_with_those_that_are(tmp_path):
    answer = web.json_response({"data": [{"id": "large"}]})
    assert only(await engine_findings(tmp_path, answer), Mark.WRONG, "it has: large")


async def test_a_refused_key_is_said(tmp_path):
    assert only(await engine_findings(tmp_path, web.Response(status=401)), Mark.WRONG, "LLM_API_KEY")


async def test_a_server_that_lists_nothing_is_doubtful(tmp_path):
    assert only(await engine_findings(tmp_path, web.Response(text="hello")), Mark.DOUBTFUL, "does not list")


async def test_a_language_models_server_that_is_down_is_said(tmp_path, closed_url):
    ours = settings(tmp_path, engine="openai", llm_url=closed_url, llm_model="small")
    assert only(await diagnosis.examine_engine(ours), Mark.WRONG, "cannot be reached")


async def test_a_server_without_an_adapter_is_said(tmp_path):
    answer = web.json_response({"data": [{"id": "small"}]})
    found = await engine_findings(tmp_path, answer, llm_adapters="ru=shop-ru")
    assert only(found, Mark.WRONG, "does not have LLM_ADAPTERS: ru=shop-ru; it has: small")


async def test_each_adapter_of_a_model_in_the_worker_is_examined(tmp_path):
    for name, width in (("shop", tiny_gguf.WIDTH), ("wide", 128)):
        tiny_gguf.write_lora(tmp_path / f"{name}.gguf", width=width)
    tiny_gguf.write_random(tmp_path / "model.gguf")
    files = f"ru={tmp_path}/shop.gguf,en={tmp_path}/wide.gguf"
    ours = settings(tmp_path, engine="llama_cpp", model_path=tmp_path / "model.gguf", llm_adapters=files)

    model, russian, english = await diagnosis.examine_engine(ours)

    assert (model.mark, russian.mark, english.mark) == (Mark.GOOD, Mark.GOOD, Mark.WRONG)
    assert "adapter for ru" in russian.sentence
    assert "wide.gguf does not fit" in english.sentence
