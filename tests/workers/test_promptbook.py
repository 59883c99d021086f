import tomllib
from pathlib import Path

import workers
from support.jobs import CheckName
from workers.promptbook import version

FOLDER = Path(workers.__file__).parent / "prompts"


def test_both_languages_have_the_same_prompts_and_phrases():
    phrases = tomllib.loads((FOLDER / "phrases.toml").read_text(encoding="utf-8"))

    assert {path.name for path in (FOLDER / "ru").iterdir()} == {path.name for path in (FOLDER / "en").iterdir()}
    assert phrases["ru"].keys() == phrases["en"].keys()
    for table in ("criticism", "form", "doubt", "canary"):
        assert phrases["ru"][table].keys() == phrases["en"][table].keys()


def test_every_check_has_its_criticism():
    phrases = tomllib.loads((FOLDER / "phrases.toml").read_text(encoding="utf-8"))

    assert {name.value for name in CheckName} - {"no_answer"} <= phrases["ru"]["criticism"].keys()


def test_the_version_names_the_prompts_by_their_content():
    assert version().startswith("prompts-")
    assert version() == version()
