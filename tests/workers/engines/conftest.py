import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.workers import tiny_gguf

API_KEY = "sk-test-17"
# What its models think beside what they say: each of these first tokens e times rarer than the one before.
OPINIONS = ("да", "нет", "yes", "no")


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """llama.cpp's own server over a model that says one sentence, once or for ever."""
    xllamacpp = pytest.importorskip("xllamacpp", reason="no wheel of llama.cpp's server for this machine")
    servers: dict[tuple[str, bool], object] = {}

    def start(says: str, *, stops: bool = True) -> str:
        if (says, stops) not in servers:
            path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
            tiny_gguf.write(path, says, stops=stops, also=OPINIONS)
            params = xllamacpp.CommonParams()
            params.model.path, params.model_alias, params.api_keys = str(path), {"tiny"}, [API_KEY]
            params.port, params.n_ctx, params.n_parallel, params.warmup = 0, 4096, 1, False
            params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
            servers[says, stops] = xllamacpp.Server(params)
        return f"{servers[says, stops].listening_address}/v1"

    yield start
    servers.clear()


@dataclass(frozen=True)
class Served:
    """Where a real server serves which model."""

    url: str
    model: str = "tiny"


@pytest.fixture(scope="session")
def python_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """llama-cpp-python's server: one process with a model for everything that is to be said."""
    for package in ("llama_cpp", "uvicorn", "fastapi", "starlette_context", "sse_starlette"):
        pytest.importorskip(package, reason="llama-cpp-python's server is not installed")
    folder = tmp_path_factory.mktemp("server")
    models = {("Доставка стоит 300 ₽ [1].", True): "tiny", ("NO_ANSWER", True): "modest"}
    models[next(iter(models))[0], False] = "endless"
    for (says, stops), alias in models.items():
        tiny_gguf.write(folder / alias, says, stops=stops, also=OPINIONS, pieces=2)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    common = {"n_ctx": 4096, "n_threads": 1, "n_threads_batch": 1}
    served = [{"model": str(folder / alias), "model_alias": alias, **common} for alias in models.values()]
    config = {"host": "127.0.0.1", "port": port, "api_key": API_KEY, "models": served}
    (folder / "config.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "llama_cpp.server", "--config_file", folder / "config.json"]
    # It reads its settings from the environment too, and some of their names are ours.
    clean = {name: value for name, value in os.environ.items() if name.lower() not in {"n_gpu_layers", "model", "seed"}}
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, env=clean) as process:
        url = f"http://127.0.0.1:{port}/v1"
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield lambda says, *, stops=True: Served(url, models[says, stops])
        process.terminate()


@pytest.fixture(params=["llama_server", "python_server"])
def real_server(request: pytest.FixtureRequest) -> Callable[..., Served]:
    """One real server after the other."""
    serve = request.getfixturevalue(request.param)
    return serve if request.param == "python_server" else lambda says, **how: Served(serve(says, **how))


class HostileServer:
    """Answers every connection with what it is told; ``drip_s`` is the pause after each byte."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self.answers: list[bytes] = []
        self.drip_s = 0.0
        self.requests = 0
        self.bodies: list[bytes] = []
        self.closed = threading.Event()
        self.hung_up = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def respond(self, body: str, *, status: str = "200 OK", kind: str = "application/json", more: str = "") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body.encode())}\r\n{more}"
        self.answers.append(f"{head}Connection: close\r\n\r\n{body}".encode())

    def close(self) -> None:
        self.closed.set()
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self.bodies.append(_read_request(connection))
            self.requests += 1
            if not self.answers:
                self._hang(connection)
                return
            answer = self.answers[min(self.requests, len(self.answers)) - 1]
            if not self.drip_s:
                connection.sendall(answer)
                return
            for byte in answer:
                if self.closed.wait(self.drip_s):
                    return
                connection.sendall(bytes([byte]))

    def _hang(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        while not self.closed.is_set():
            with suppress(TimeoutError):
                if connection.recv(1_000_000) == b"":
                    self.hung_up.set()
                    return


def _read_request(connection: socket.socket) -> bytes:
    # Closing a connection with unread bytes resets it, and the client loses the answer.
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65_536)
    head, _, body = head.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65_536)
    return body


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    server = HostileServer()
    yield server
    server.close()
