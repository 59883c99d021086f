"""The doctor's examinations: each looks at one thing and says in a sentence how it is."""

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from otvet import redis_server
from otvet.desk_diagnosis import examine_desk_file, examine_orders
from otvet.findings import Finding, Mark, doubtful, good, wrong
from otvet.metrics_diagnosis import examine_metrics
from support.settings import Settings

HTTP_TIMEOUT_S = 10.0
LOW_DISK_BYTES = 500 * 1024**2
OLD_RELEASE_DAYS = 90
# What the bot does in the group; docs of Bot API, ChatMemberAdministrator.
NEEDED_RIGHTS = {
    "can_manage_topics": "Manage topics",
    "can_delete_messages": "Delete messages",
    "can_pin_messages": "Pin messages",
}


Examination = Callable[[Settings], Awaitable[Sequence[Finding]]]


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; the order is that of the report."""
    from otvet.judge_diagnosis import examine_judge  # noqa: PLC0415  # it makes findings of this module's kind
    from otvet.threshold_diagnosis import examine_threshold  # noqa: PLC0415  # SQLAlchemy is slow to load

    examinations: tuple[Examination, ...] = (
        examine_telegram,
        examine_disk,
        examine_database,
        examine_redis,
        examine_knowledge,
        examine_embedding,
        examine_reranker,
        examine_engine,
        examine_judge,
        examine_threshold,
        examine_desk_file,
        examine_orders,
        examine_metrics,
    )
    found = await asyncio.gather(*(examination(settings) for examination in examinations))
    return [finding for findings in found for finding in findings]


class _Telegram:
    """Calls of the Bot API; the token stays out of every message."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings) -> None:
        self._client = client
        self._base = f"{settings.telegram_api_url}/bot{settings.bot_token.get_secret_value()}"

    async def call(self, method: str, **parameters: int) -> tuple[int, Any]:
        """Return the error code (0 when there is none) and the result or the description."""
        response = await self._client.post(f"{self._base}/{method}", json=parameters)
        body = response.json()
        if body.get("ok"):
            return 0, body["result"]
        return int(body.get("error_code", response.status_code)), str(body.get("description", ""))


async def examine_telegram(settings: Settings) -> list[Finding]:
    """The token, the API behind TELEGRAM_API_URL, the operators' groups, the admins."""
    if not settings.bot_token.get_secret_value():
        return [wrong("BOT_TOKEN is not set: get one from @BotFather and put it into .env.")]
    async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S) as client:
        telegram = _Telegram(client, settings)
        try:
            code, me = await telegram.call("getMe")
            if code in {401, 404}:
                return [wrong("Telegram does not know BOT_TOKEN (401): copy it again from @BotFather.")]
            if code:
                return [wrong(f"Telegram refuses getMe ({code} {me}): try again later.")]
            findings = [good(f"Telegram knows the token: the bot is @{me['username']}.")]
            if not settings.operators_chat_id:
                findings.append(
                    wrong("OPERATORS_CHAT_ID is not set: without a group nobody can take over from the bot.")
                )
            findings.extend(
                [
                    await _examine_group(telegram, chat_id, bot_id=int(me["id"]))
                    for chat_id in settings.operators_chat_id
                ]
            )
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return [
                wrong(f"{settings.telegram_api_url} cannot be reached ({type(error).__name__}): check the network.")
            ]
    if not settings.admin_ids:
        findings.append(doubtful("ADMIN_IDS is not set: nobody may use /kb and /stats."))
    return findings


async def _examine_group(telegram: _Telegram, chat_id: int, *, bot_id: int) -> Finding:
    code, chat = await telegram.call("getChat", chat_id=chat_id)
    if code:
        return wrong(f"The operators' group {chat_id} is not there for the bot ({chat}): add the bot to it.")
    if not chat.get("is_forum"):
        return wrong(f"The operators' group {chat_id} has no topics: switch Topics on in the group's settings.")
    code, member = await telegram.call("getChatMember", chat_id=chat_id, user_id=bot_id)
    if code or member.get("status") not in {"administrator", "creator"}:
        return wrong(f"The bot is no administrator of the operators' group {chat_id}: make it one.")
    missing = [name for right, name in NEEDED_RIGHTS.items() if not member.get(right)]
    if missing and member["status"] != "creator":
        return wrong(f"The bot lacks rights in the operators' group {chat_id}: allow {', '.join(missing)}.")
    return good(f"The operators' group {chat_id} has topics, and the bot is its administrator.")


async def examine_disk(settings: Settings) -> list[Finding]:
    """Whether DATA_DIR can be written, and how much room is left."""
    folder = settings.data_dir.resolve()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return [wrong(f"DATA_DIR {folder} cannot be written by this user.")]
    free = shutil.disk_usage(existing).free
    room = f"{free / 1024**3:.1f} GB free"
    if free < LOW_DISK_BYTES:
        return [wrong(f"DATA_DIR {folder} has little room: {room}.")]
    return [good(f"DATA_DIR {folder} can be written, {room}.")]


async def examine_database(settings: Settings) -> list[Finding]:
    """Whether the database answers and has this version's schema."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from support import schema  # noqa: PLC0415

    try:
        current = await asyncio.wait_for(schema.is_current(settings.sql_url), HTTP_TIMEOUT_S)
    except (SQLAlchemyError, OSError, ModuleNotFoundError) as error:
        reason = type(getattr(error, "orig", None) or error).__name__
        return [wrong(f"The database cannot be reached ({reason}): check DATABASE_URL.")]
    if not current:
        return [wrong("The database is not at this version's schema: run otvet db upgrade (otvet run does it itself).")]
    return [good("The database answers, its schema is this version's.")]


async def examine_redis(settings: Settings) -> list[Finding]:
    """Whether Redis answers or can be started, and whether workers listen."""
    url = settings.redis_url
    if not url:
        socket = redis_server.socket_path(settings.data_dir)
        if not redis_server.is_listening(socket):
            if redis_server.find_binary() is None:
                return [wrong("No redis-server was found: install Redis, or set REDIS_URL.")]
            return [good("Redis is embedded and not running now: otvet run starts it.")]
        url = f"unix://{socket}"
    try:
        answering = await asyncio.to_thread(redis_server.answers, url)
    except ValueError:
        return [wrong("REDIS_URL cannot be used: it must look like redis://host:6379/0.")]
    if not answering:
        return [wrong("Redis does not answer: start it, or unset REDIS_URL to use the embedded one.")]
    return [good("Redis answers."), await asyncio.to_thread(_examine_workers, url)]


def _examine_workers(url: str) -> Finding:
    from redis import Redis  # noqa: PLC0415

    from support.queue import GenerationQueue  # noqa: PLC0415

    with Redis.from_url(url, socket_timeout=HTTP_TIMEOUT_S) as redis:
        workers = GenerationQueue(redis=redis).workers()
    if not workers:
        return doubtful(
            "No worker is running: every question would go to the operators. Start otvet run or otvet worker."
        )
    engines = ", ".join(sorted({f"{worker.engine} {worker.model}".strip() for worker in workers}))
    return good(f"Live workers: {len(workers)} ({engines}).")


async def examine_knowledge(settings: Settings) -> list[Finding]:
    """The sources' folder and the current release."""
    return await asyncio.to_thread(_examine_knowledge, settings.knowledge_dir, settings.releases_dir)


def _examine_knowledge(sources: Path, releases: Path) -> list[Finding]:
    from knowledge.errors import KnowledgeError  # noqa: PLC0415
    from knowledge.releases import ReleaseStore  # noqa: PLC0415

    findings = []
    if not sources.is_dir():
        findings.append(wrong(f"KNOWLEDGE_DIR {sources.resolve()} is no folder: put your articles there."))
    elif not any(path.is_file() for path in sources.rglob("*")):
        findings.append(wrong(f"KNOWLEDGE_DIR {sources.resolve()} is empty: put your articles there."))
    store = ReleaseStore(releases)
    try:
        current = store.current()
        if current is None:
            return [*findings, wrong("There is no knowledge release: run otvet kb build (otvet run does it itself).")]
        store.open(current)
    except KnowledgeError as error:
        return [*findings, wrong(str(error))]
    info = next(info for info in store.infos() if info.number == current)
    days = (datetime.now(UTC) - info.built_at).days
    sentence = f"Knowledge release {current}: {info.articles} articles, {days} days old."
    findings.append(doubtful(f"{sentence} Is it still true?") if days > OLD_RELEASE_DAYS else good(sentence))
    findings.extend(
        doubtful(f"{'Articles' if error.warning else 'Not in it'}: {error.place}: {error.reason}")
        for error in info.errors
    )
    return findings


async def examine_embedding(settings: Settings) -> list[Finding]:
    """The process that holds the sentence model, and whether the current release was built with that model."""
    return await asyncio.to_thread(_examine_embedding, settings)


def _examine_embedding(settings: Settings) -> list[Finding]:
    from knowledge.errors import KnowledgeError  # noqa: PLC0415
    from knowledge.shelf import Shelf  # noqa: PLC0415

    name = settings.embedding_model
    shelf = Shelf(settings.releases_dir)
    try:
        current = shelf.current()
    except KnowledgeError:  # said beside the knowledge
        current = None
    info = None if current is None else shelf.info(current)
    another = doubtful(f"Release {current} was built with another EMBEDDING_MODEL: otvet kb build makes a new one.")
    if not name:
        if info is not None and info.model:
            return [another]
        return [good("EMBEDDING_MODEL is not set: texts are compared by what the articles themselves teach.")]
    served, revision = _served(settings, name)
    if info is not None and (info.model != name or revision not in {None, info.model_revision}):
        return [served, another]
    return [served]


def _served(settings: Settings, name: str) -> tuple[Finding, str | None]:
    """Say who serves the model, and as which revision, None when that is not known."""
    from redis import Redis  # noqa: PLC0415
    from redis.exceptions import RedisError  # noqa: PLC0415

    from knowledge.errors import EmbeddingModelError  # noqa: PLC0415
    from support.embedding import workers  # noqa: PLC0415

    url = redis_server.running(settings.redis_url, settings.data_dir)
    try:
        if url is not None:
            with Redis.from_url(url, socket_timeout=HTTP_TIMEOUT_S) as redis:
                found = [worker for worker in workers(redis) if worker.model == name]
            if ready := next((worker for worker in found if worker.is_ready), None):
                says = (
                    f"EMBEDDING_MODEL={name} is served: revision {ready.revision}, {ready.dimensions} numbers a text."
                )
                return good(says), ready.revision
            if found:
                return doubtful(f"EMBEDDING_MODEL={name} is being loaded: wait a moment."), None
    except (RedisError, ValueError, EmbeddingModelError) as error:
        return wrong(f"EMBEDDING_MODEL={name}: its process cannot be looked for ({type(error).__name__})."), None
    return _not_served("EMBEDDING_MODEL", name, runs=url is not None), None


async def examine_reranker(settings: Settings) -> list[Finding]:
    """The process that holds the reranker; nothing is said where none is configured."""
    if not settings.reranker_model:
        return []
    return [await asyncio.to_thread(_examine_reranker, settings, settings.reranker_model)]


def _examine_reranker(settings: Settings, name: str) -> Finding:
    from redis import Redis  # noqa: PLC0415
    from redis.exceptions import RedisError  # noqa: PLC0415

    from knowledge.errors import EmbeddingModelError  # noqa: PLC0415
    from support.embedding import workers  # noqa: PLC0415
    from support.reranking import PATIENCE_S, RemoteReranker  # noqa: PLC0415

    url = redis_server.running(settings.redis_url, settings.data_dir)
    try:
        if url is not None:
            with Redis.from_url(url, socket_timeout=HTTP_TIMEOUT_S) as redis:
                reranker = RemoteReranker(redis, name)
                if reranker.is_served:
                    took_s = reranker.try_out()
                    if took_s is None:
                        return doubtful(
                            f"RERANKER_MODEL={name} is served, but does not read twenty passages within the "
                            f"{PATIENCE_S:.0f} s that the bot waits: name a smaller model or give it more room."
                        )
                    return good(f"RERANKER_MODEL={name} is served and reads twenty passages in {took_s:.1f} s.")
                if any(worker.reranker == name for worker in workers(redis)):
                    return doubtful(f"RERANKER_MODEL={name} is being loaded: wait a moment.")
    except (RedisError, ValueError, EmbeddingModelError) as error:
        return wrong(f"RERANKER_MODEL={name}: its process cannot be looked for ({type(error).__name__}).")
    return _not_served("RERANKER_MODEL", name, runs=url is not None)


def _not_served(key: str, name: str, *, runs: bool) -> Finding:
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("sentence_transformers") is None:
        return wrong(f"{key}={name} needs sentence-transformers on this machine: make models.")
    if not runs:
        return good(f"{key}={name} is not served now: otvet run starts its process.")
    return wrong(f"{key}={name}: no process serves it. Start otvet run or otvet worker --queue embed.")


async def examine_engine(settings: Settings) -> list[Finding]:
    """The engine that writes the answers."""
    if settings.engine == "llama_cpp":
        return _examine_model(settings)
    if settings.engine == "openai":
        server = await _examine_server(settings)
        return [server, await asyncio.to_thread(_examine_schemas, settings)] if server.mark is Mark.GOOD else [server]
    return [good(f"ENGINE={settings.engine}: answers quote the articles, no language model is needed.")]


async def _examine_server(settings: Settings) -> Finding:
    key = settings.llm_api_key.get_secret_value()
    started = time.monotonic()
    try:
        async with httpx.AsyncClient(timeout=HTTP_TIMEOUT_S) as client:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            response = await client.get(f"{settings.llm_url}/models", headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return wrong(f"The language model's server at LLM_URL cannot be reached ({type(error).__name__}): start it.")
    if response.status_code in {401, 403}:
        return wrong(f"The language model's server refuses LLM_API_KEY ({response.status_code}).")
    took = f"{(time.monotonic() - started) * 1000:.0f} ms"
    try:
        models = [str(model["id"]) for model in response.raise_for_status().json()["data"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return doubtful(f"The language model's server answers ({took}) but does not list its models.")
    named = {"LLM_MODEL": settings.llm_model} | {
        f"LLM_ADAPTERS: {language}": adapter for language, adapter in settings.llm_adapters.items()
    }
    for key, name in named.items():
        if name not in models:
            listed = ", ".join(models[:5]) or "none"
            return wrong(f"The language model's server does not have {key}={name}; it has: {listed}.")
    return good(f"The language model's server answers ({took}) and has {settings.llm_model}.")


def _examine_schemas(settings: Settings) -> Finding:
    from workers import engines  # noqa: PLC0415  # only who has a server needs it
    from workers.engines.base import EngineError, FormFiller  # noqa: PLC0415

    engine = engines.create(settings)
    try:
        engine.check()
    except (EngineError, ValueError) as error:
        return doubtful(f"Whether the server obeys a JSON schema could not be tried ({type(error).__name__}).")
    if isinstance(engine, FormFiller) and engine.fills_forms:
        return good("The server obeys response_format json_schema: the model helps to read messages.")
    return doubtful(
        "The server does not obey response_format json_schema: it writes answers, but cannot help to read messages."
    )


def _examine_model(settings: Settings) -> list[Finding]:
    from workers.engines.base import EngineRefusedError  # noqa: PLC0415  # only who has a model in the worker needs it
    from workers.engines.llama.preflight import Shape, examine, examine_adapter  # noqa: PLC0415

    path = settings.model_path
    try:
        header = examine(path or Path(), Shape(cells=0, gpu_layers=settings.n_gpu_layers))
    except EngineRefusedError as error:
        return [wrong(f"{error}.")]
    sentence = f"The model at MODEL_PATH is whole ({header.architecture}, {header.size / 1e9:.1f} GB)"
    findings = [good(f"{sentence}; otvet model check tries it.")]
    for language, adapter in settings.llm_adapters.items():
        try:
            examine_adapter(Path(adapter), header)
        except EngineRefusedError as error:
            findings.append(wrong(f"{error}."))
        else:
            findings.append(good(f"The adapter for {language} in LLM_ADAPTERS fits the model."))
    return findings
