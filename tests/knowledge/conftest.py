import shutil
from pathlib import Path

import pytest

from knowledge.releases import ReleaseStore


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of the sources of a small shop in two languages."""
    return Path(shutil.copytree(Path(__file__).with_name("shop"), tmp_path / "sources"))


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "releases")
