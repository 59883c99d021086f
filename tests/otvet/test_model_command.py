import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from otvet.cli import otvet
from otvet.commands.model import QUANTISATIONS
from otvet.errors import CommandError
from otvet.model_files import file_hash, pull
from tests.workers import tiny_gguf

COMMIT = "6f1c" * 10
CONTENT = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    model = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    tiny_gguf.write_random(model)
    return model


def run(*arguments):
    result = CliRunner().invoke(otvet, ["model", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, CommandError | SystemExit), result.exception
    return result


def test_a_sound_model_is_tried_and_its_pace_is_told(tiny_model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    result = run("check", tiny_model)

    assert result.exit_code == 0, result.exception
    assert "tiny.gguf is whole: llama" in result.output
    assert "tokens a second" in result.output


def test_adapters_are_tried_with_the_model_and_one_that_does_not_fit_is_named(tiny_model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    tiny_gguf.write_lora(tmp_path / "shop.gguf")
    tiny_gguf.write_lora(tmp_path / "wide.gguf", width=128)
    monkeypatch.setenv("LLM_ADAPTERS", f"ru={tmp_path}/shop.gguf")
    assert "shop.gguf, the adapter for ru, fits it" in run("check", tiny_model).output

    monkeypatch.setenv("LLM_ADAPTERS", f"ru={tmp_path}/shop.gguf,en={tmp_path}/wide.gguf")
    assert "wide.gguf does not fit the model" in str(run("check", tiny_model).exception)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"<html>", "is not a GGUF file"), (b"GGUF\x03\0\0\0\1", "is cut off"), (None, "is no file")],
)
def test_a_model_that_cannot_be_used_is_one_sentence(tmp_path, monkeypatch, content, sentence):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)

    result = run("check", path)

    assert isinstance(result.exception, CommandError)
    assert sentence in str(result.exception)


def test_without_a_model_the_command_says_what_to_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODEL_PATH", raising=False)

    assert "MODEL_PATH" in str(run("check").exception)


def test_a_model_is_quantised_once_and_a_failure_leaves_nothing(tiny_model, tmp_path):
    target = tmp_path / "small.gguf"

    assert run("quantize", tiny_model, target, "--to", "q8_0").exit_code == 0
    assert target.stat().st_size < tiny_model.stat().st_size
    assert "exists already" in str(run("quantize", tiny_model, target).exception)
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(tiny_model.read_bytes()[:5000])
    assert isinstance(run("quantize", broken, tmp_path / "other.gguf").exception, CommandError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.gguf", "small.gguf"]


def test_the_commands_names_are_the_librarys():
    from workers.engines.llama.library import QUANTISATIONS as KNOWN

    assert QUANTISATIONS == KNOWN


class Hub(BaseHTTPRequestHandler):
    """Serves one file at any revision, as the Hub does; breaks off where it is told."""

    content = CONTENT
    break_at = None
    asked = ()

    def do_GET(self):
        type(self).asked = (*self.asked, (self.path, self.headers.get("Range")))
        if "missing" in self.path:
            self.send_error(404)
            return
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) if "Range" in self.headers else 0
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(self.content) - start))
        self.end_headers()
        self.wfile.write(self.content[start : self.break_at])

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(monkeypatch):
    handler = type("OwnHub", (Hub,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield handler
        server.shutdown()


def fetch(folder, *, file="model.gguf", revision=None):
    return pull("owner/name", file, folder, revision=revision, progress=lambda *_: None)


def test_the_first_pull_records_commit_and_hash_and_the_second_asks_nobody(hub, tmp_path):
    path, record = fetch(tmp_path)

    assert path.read_bytes() == CONTENT
    assert (record.revision, record.sha256) == (COMMIT, hashlib.sha256(CONTENT).hexdigest())
    assert hub.asked == (("/owner/name/resolve/main/model.gguf", None),)
    assert fetch(tmp_path) == (path, record)
    assert len(hub.asked) == 1


def test_a_lost_file_is_fetched_at_its_recorded_commit(hub, tmp_path):
    path, record = fetch(tmp_path)
    path.unlink()

    assert fetch(tmp_path) == (path, record)
    assert hub.asked[-1][0] == f"/owner/name/resolve/{COMMIT}/model.gguf"


def test_other_bytes_at_the_recorded_commit_are_not_kept(hub, tmp_path):
    path, _ = fetch(tmp_path)
    path.unlink()
    hub.content = CONTENT[::-1]

    with pytest.raises(CommandError, match="another"):
        fetch(tmp_path)
    assert [found.name for found in tmp_path.iterdir()] == ["models.json"]


def test_a_file_that_was_changed_on_disk_is_told(hub, tmp_path):
    path, _ = fetch(tmp_path)
    path.write_bytes(b"changed")

    with pytest.raises(CommandError, match="differs"):
        fetch(tmp_path)


def test_a_broken_download_goes_on_where_it_broke_off(hub, tmp_path):
    hub.break_at = 300_000
    with pytest.raises(CommandError, match="try again"):
        fetch(tmp_path)
    assert not (tmp_path / "model.gguf").exists()
    have = (tmp_path / "model.gguf.part").stat().st_size
    hub.break_at = None

    path, _ = fetch(tmp_path)

    assert 0 < have <= 300_000
    assert hub.asked[-1][1] == f"bytes={have}-"
    assert file_hash(path) == hashlib.sha256(CONTENT).hexdigest()


def test_what_the_hub_does_not_have_is_a_sentence(hub, tmp_path):
    with pytest.raises(CommandError, match="status 404"):
        fetch(tmp_path, file="missing.gguf")


@pytest.mark.parametrize("file", ["..", "../../etc/passwd", ""])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path, file):
    with pytest.raises(CommandError, match="OWNER/NAME"):
        fetch(tmp_path, file=file)


def test_damaged_records_are_told(hub, tmp_path):
    (tmp_path / "models.json").write_text(json.dumps({"owner/name/model.gguf": {"colour": "red"}}))

    with pytest.raises(CommandError, match="damaged"):
        fetch(tmp_path)
