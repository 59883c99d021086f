"""No Docker engine runs where the tests do: what can be held without one is held here."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_image_holds_every_package_of_the_product():
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for package in ("bot", "evaluation", "knowledge", "migrations", "otvet", "sandbox", "support", "workers"):
        assert f"COPY {package} {package}" in dockerfile
        assert f"!{package}" in (ROOT / ".dockerignore").read_text(encoding="utf-8")


def test_compose_starts_commands_that_exist():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    from otvet.cli import otvet

    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    ours = {name: service["command"][0] for name, service in services.items() if service["image"] == "otvet"}
    assert set(ours.values()) == {"prepare", "bot", "worker"}
    assert set(ours.values()) <= set(otvet.commands)
    for service in ("worker", "worker-gpu", "build", "embed"):
        assert services[service]["environment"]["DATABASE_URL"] == ""
        assert services[service]["healthcheck"]["test"][3:5] == ["otvet", "alive"]


def test_the_gpu_profile_serves_the_model_that_its_worker_asks_for():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    from otvet.commands.running import worker
    from support.queue import GENERATION_QUEUES, GPU_QUEUE

    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    ours, server = compose["services"]["worker-gpu"], compose["services"]["vllm"]
    queue = next(option for option in worker.params if option.name == "queue")

    assert ours["profiles"] == server["profiles"] == ["gpu"]
    assert ours["command"] == ["worker", "--queue", GPU_QUEUE]
    assert ours["healthcheck"]["test"][-1] == GPU_QUEUE
    assert {*GENERATION_QUEUES, "build", "embed"} == set(queue.type.choices)
    assert ours["environment"]["ENGINE"] == "openai"
    assert ours["environment"]["LLM_URL"] == "http://vllm:8000/v1"
    assert ours["environment"]["LLM_MODEL"] == server["command"][server["command"].index("--model") + 1]
    assert ours["depends_on"]["vllm"] == {"condition": "service_healthy"}
    assert server["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    assert {volume.partition(":")[0] for volume in server["volumes"]} <= set(compose["volumes"])


def test_the_embed_profile_runs_in_an_image_that_holds_the_models_packages():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    from support.queue import EMBED_QUEUE

    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    embed, arguments = services["embed"], services["embed"]["build"]["args"]
    lock = (ROOT / "requirements" / "models.txt").read_text(encoding="utf-8")

    assert embed["profiles"] == ["embed"]
    assert embed["command"] == ["worker", "--queue", EMBED_QUEUE]
    assert embed["healthcheck"]["test"][-1] == EMBED_QUEUE
    assert all(f"ARG {name}=" in dockerfile for name in arguments)
    assert "${MODELS:+-r requirements/models.txt}" in dockerfile
    assert f"Python {arguments['PYTHON_VERSION']}" in lock.partition("\n\n")[0]  # torch's wheel is for one version
    assert embed["image"] != services["bot"]["image"]
    [volume] = embed["volumes"]
    name, _, folder = volume.partition(":")
    assert name in compose["volumes"]
    assert embed["environment"]["HF_HOME"] == folder
    assert f" {folder}\n" in dockerfile  # which its user may write to
    # Whoever does not ask for the profile starts everything else.
    assert services["prepare"]["depends_on"]["embed"] == {"condition": "service_started", "required": False}
