from itertools import pairwise
from pathlib import Path

from support.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", maxsplit=1) for line in lines if line and not line.startswith("#"))


def test_the_example_names_every_setting_and_no_other():
    assert {name.lower() for name in example()} == set(Settings.model_fields)


def test_the_example_shows_the_defaults(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    assert Settings(_env_file=ROOT / ".env.example") == Settings(_env_file=None)


def test_every_key_of_the_example_is_explained():
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    explained = {"LLM_URL", "LLM_MODEL", "LLM_API_KEY"}  # together, above ENGINE
    for above, line in pairwise(lines):
        if line and not line.startswith("#") and line.partition("=")[0] not in explained:
            assert above.startswith("# "), line
