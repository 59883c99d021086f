import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from redis import Redis

from otvet.errors import RedisUnavailableError
from otvet.redis_server import SOCKET_PATH_BYTES, EmbeddedRedis, find_binary, redis_for, socket_path

pytestmark = pytest.mark.skipif(find_binary() is None, reason="no redis-server on this machine")


def wait_until(condition, timeout_s: float = 10) -> None:
    give_up = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def remembered(url: str) -> bytes | None:
    with Redis.from_url(url) as redis:
        return redis.get("key")


def remember(url: str, value: str) -> None:
    with Redis.from_url(url) as redis:
        redis.set("key", value)


def test_it_answers_without_a_tcp_port_and_stops_at_the_end(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        remember(server.url, "value")
        with Redis.from_url(server.url) as redis:
            assert redis.config_get("port") == {"port": "0"}
        pid = server.pid
        assert pid is not None
    assert not is_alive(pid)


def test_what_it_holds_survives_a_stop(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        remember(server.url, "value")
    with EmbeddedRedis(tmp_path) as server:
        assert remembered(server.url) == b"value"


def test_a_second_command_uses_the_server_of_the_first(tmp_path):
    with EmbeddedRedis(tmp_path) as first, EmbeddedRedis(tmp_path) as second:
        assert second.pid is None
        assert first.url == second.url


def test_it_is_started_again_with_its_data_when_it_is_killed(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        remember(server.url, "value")
        time.sleep(1.1)  # appendfsync everysec
        killed = server.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: server.pid != killed)
        wait_until(lambda: Path(server.url.removeprefix("unix://")).exists())
        assert remembered(server.url) == b"value"


def test_the_second_command_takes_over_when_the_first_leaves(tmp_path):
    first = EmbeddedRedis(tmp_path)
    with first:
        second = EmbeddedRedis(tmp_path)
        second.__enter__()
    try:
        wait_until(lambda: second.pid is not None)
    finally:
        second.__exit__(None, None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's wish on a parent's death is Linux's")
def test_it_stops_when_its_starter_is_killed(tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from otvet.redis_server import EmbeddedRedis\n"
        "with EmbeddedRedis(Path(sys.argv[1])) as server: print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert is_alive(pid)
        starter.kill()
        wait_until(lambda: not is_alive(pid))


def test_a_long_data_folder_gets_a_short_private_socket(tmp_path):
    long_folder = tmp_path / ("x" * 90) / ("y" * 90)
    with EmbeddedRedis(long_folder) as server:
        path = Path(server.url.removeprefix("unix://"))
        assert len(os.fsencode(path)) <= SOCKET_PATH_BYTES
        assert path.parent.stat().st_mode & 0o077 == 0
        assert path == socket_path(long_folder)
        assert (long_folder / "redis" / "appendonly.aof").exists()
    path.parent.rmdir()


def test_without_a_binary_the_sentence_names_redis_url(tmp_path):
    with pytest.raises(RedisUnavailableError, match="set REDIS_URL"), EmbeddedRedis(tmp_path, binary=Path("/nowhere")):
        pass


def test_a_redis_url_that_nobody_answers_is_said_before_anything_starts(tmp_path):
    with pytest.raises(RedisUnavailableError, match="does not answer"), redis_for("redis://127.0.0.1:1", tmp_path):
        pass


def test_a_malformed_redis_url_is_said(tmp_path):
    with pytest.raises(RedisUnavailableError, match="REDIS_URL cannot be used"), redis_for("redid://x", tmp_path):
        pass


def test_a_deleted_socket_costs_a_restart_and_no_hang(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        first = server.pid
        assert first is not None
        socket_path(tmp_path).unlink()

        wait_until(lambda: server.pid != first and is_alive(server.pid or 0))

        assert not is_alive(first)
