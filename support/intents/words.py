"""The word lists of the rules, from rules.toml."""

import re
import tomllib
from pathlib import Path
from typing import Final

from support.intents.cues import term_pattern

WORD: Final = re.compile(r"[a-zа-я]+(?:-[a-zа-я]+)*")
TABLES: Final[dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("rules.toml").read_text(encoding="utf-8")
)
TERMS: Final = {name: term_pattern(", ".join(table.values())) for name, table in TABLES.items()}
