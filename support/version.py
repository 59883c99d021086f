"""The version of Otvet, as ``pyproject.toml`` says it."""

from typing import Final

VERSION: Final = "0.1.0"
