"""A shop with two releases, and the product over it."""

import shutil
from pathlib import Path

import pytest

from knowledge.releases import Order, ReleaseStore

SOURCES = Path(__file__).parents[2] / "knowledge" / "shop"


@pytest.fixture(scope="session")
def two_releases(tmp_path_factory):
    """Release 1 of a small shop, and release 2 with one article more."""
    root = tmp_path_factory.mktemp("two")
    sources = Path(shutil.copytree(SOURCES, root / "sources"))
    ReleaseStore(root / "releases").build(sources)
    (sources / "ru" / "extra.md").write_text("# Подарки\n\nПодарочная упаковка стоит 99 рублей.\n", encoding="utf-8")
    ReleaseStore(root / "releases").build(sources, order=Order(built_by="Мария", reason="test"))
    return root


@pytest.fixture
def sources(two_releases, tmp_path):
    shutil.copytree(two_releases / "releases", tmp_path / "data" / "releases")
    return Path(shutil.copytree(two_releases / "sources", tmp_path / "sources"))


@pytest.fixture
async def product(run_product, sources):
    async with run_product(knowledge_dir=sources) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    return ReleaseStore(tmp_path / "data" / "releases")
