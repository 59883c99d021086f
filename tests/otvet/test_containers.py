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

    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    ours = {name: service["command"][0] for name, service in services.items() if service["image"] == "otvet"}
    assert set(ours.values()) == {"prepare", "bot", "worker"}
    assert set(ours.values()) <= set(otvet.commands)
    for service in ("worker", "build"):
        assert services[service]["environment"]["DATABASE_URL"] == ""
        assert services[service]["healthcheck"]["test"][3:5] == ["otvet", "alive"]
