"""``otvet run``, ``otvet bot``, ``otvet worker``: the real thing."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    from support.settings import Settings

PATIENCE_S = 60.0


@click.command()
def run() -> None:
    """Run everything on one machine: Redis, database, bot and workers.

    The database is created or upgraded, and a first knowledge release is built from KNOWLEDGE_DIR when there is none.
    """
    import asyncio

    from otvet.composition import load_bot_settings
    from otvet.redis_server import redis_for

    settings = load_bot_settings()
    with redis_for(settings.redis_url, settings.data_dir) as redis_url:
        environment = {"REDIS_URL": redis_url}
        work = _run_everything(
            environment, with_model=bool(settings.embedding_model), with_reranker=bool(settings.reranker_model)
        )
        code = asyncio.run(work)
    sys.exit(code)


async def _run_everything(environment: dict[str, str], *, with_model: bool, with_reranker: bool) -> int:
    from otvet.supervisor import Child, Supervisor, otvet_command

    def child(name: str, *arguments: str) -> Child:
        return Child(name=name, command=otvet_command(*arguments), environment=environment)

    supervisor = Supervisor()
    supervisor.stop_on_signals()
    prepare = ["prepare"]
    if with_model or with_reranker:
        # It loads its models while the rest is prepared, and a first release is built with the sentence model.
        supervisor.start(child("embed", "worker", "--queue", "embed"))
    if with_model:
        prepare.append("--served")
    if await supervisor.complete(child("prepare", *prepare)):
        supervisor.start(child("bot", "bot"))
        supervisor.start(child("worker", "worker"))
        supervisor.start(child("build", "worker", "--queue", "build"))
    return await supervisor.wait()


@click.command()
@click.option("--patient", is_flag=True, hidden=True, help="Wait while another process upgrades the database.")
def bot(patient: bool) -> None:
    """Run the bot alone. It is the only process that writes to the database."""
    from otvet.composition import complete, load_bot_settings
    from otvet.redis_server import redis_for

    settings = load_bot_settings()
    if patient:
        import bot.main  # noqa: F401  # the slow part of the start, done while others work

    if not _schema_is_current(settings.sql_url, wait_s=PATIENCE_S if patient else 0):
        raise CommandError("The database is not at this version's schema: run otvet db upgrade.")
    with redis_for(settings.redis_url, settings.data_dir) as redis_url:
        code = complete(_run_bot(settings.model_copy(update={"redis_url": redis_url})))
    sys.exit(code)


def _schema_is_current(url: str, *, wait_s: float) -> bool:
    import time

    from otvet.composition import complete
    from support import schema

    give_up = time.monotonic() + wait_s
    while not (current := complete(schema.is_current(url))) and time.monotonic() < give_up:
        time.sleep(0.1)
    return current


async def _run_bot(settings: "Settings") -> int:
    import gc

    from bot.main import run as run_bot

    gc.freeze()  # modules stay: looking through them for garbage would hold the bot up now and then
    return await run_bot(settings)


@click.command()
@click.option(
    "--queue",
    type=click.Choice(["generate", "generate-gpu", "build", "embed"]),
    default="generate",
    show_default=True,
    help="generate: answers; generate-gpu: the same, preferred while such a worker lives; build: knowledge releases; "
    "embed: the models that EMBEDDING_MODEL and RERANKER_MODEL name.",
)
def worker(queue: str) -> None:
    """Run a worker alone. It needs Redis, never the database."""
    from otvet.composition import load_settings
    from otvet.redis_server import redis_for
    from workers.worker import run_worker

    settings = load_settings()
    with redis_for(settings.redis_url, settings.data_dir) as redis_url:
        code = run_worker(queue, settings.model_copy(update={"redis_url": redis_url}))
    sys.exit(code)


@click.command(hidden=True)
@click.option("--queue", required=True)
def alive(queue: str) -> None:
    """Exit with 0 when a worker of this host listens to the queue (the container's health check)."""
    import socket

    from redis import Redis

    from otvet.composition import load_settings
    from support.embedding import workers
    from support.queue import EMBED_QUEUE, GenerationQueue

    host = socket.gethostname()
    with Redis.from_url(load_settings().redis_url, socket_timeout=5) as redis:
        if queue == EMBED_QUEUE:
            found = any(worker.host == host for worker in workers(redis))
        else:
            names = [worker.name for worker in GenerationQueue(redis=redis).workers(queue)]
            found = any(name.startswith(f"{queue}-{host}-") for name in names)
    sys.exit(0 if found else 1)


@click.command(hidden=True)
@click.option("--orders", "orders_file", type=click.Path(path_type=Path), help="Also import these orders.")
@click.option("--served", is_flag=True, help="The process that serves EMBEDDING_MODEL is being started: wait for it.")
def prepare(orders_file: Path | None, served: bool) -> None:
    """Bring database and knowledge to where the other processes can start (a step of run and demo)."""
    from importlib.util import find_spec

    from otvet.commands.orders import import_orders_from
    from otvet.composition import complete, load_settings
    from otvet.knowledge_builds import build_release, describe, store_in
    from otvet.sentence_models import model_for
    from support import schema

    settings = load_settings(quiet=True)
    complete(schema.upgrade(settings.sql_url))
    click.echo("✓ database")
    if orders_file is not None:
        click.echo("✓ " + complete(import_orders_from(orders_file, settings, mapping={}))[-1])
    store = store_in(settings.releases_dir)
    if not store.infos():
        # Where its packages are not installed, as in the small image, another process serves the model.
        elsewhere = served or find_spec("sentence_transformers") is None
        with model_for(settings, served=elsewhere) as model:
            click.echo("✓ " + describe(build_release(store, settings.knowledge_dir, model=model)))
        return
    click.echo(f"✓ knowledge: release {store.current()}")
    current = store.info(store.current() or 0)
    if current is not None and current.model != settings.embedding_model:
        click.echo(f"! knowledge: {_built_anew(settings)}")


def _built_anew(settings: "Settings") -> str:
    """Order a release with the model that is configured now; the one there is answers meanwhile."""
    from uuid import uuid4

    from redis import Redis
    from redis.exceptions import RedisError

    from support.builds import BuildRequest
    from support.queue import BuildQueue

    changed = "EMBEDDING_MODEL has changed since that release"
    request = BuildRequest(
        request_id=uuid4().hex,
        sources=str(settings.knowledge_dir.resolve()),
        releases=str(settings.releases_dir.resolve()),
        reason="EMBEDDING_MODEL has changed",
    )
    try:
        with Redis.from_url(settings.redis_url, socket_timeout=5, socket_connect_timeout=5) as redis:
            BuildQueue(redis=redis).put(request)
    except (RedisError, ValueError):
        return f"{changed}: otvet kb build makes a new one"
    return f"{changed}: a new one is built as soon as the build process is up"
