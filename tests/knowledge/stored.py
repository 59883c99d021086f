"""What lies in the folder of releases."""

from knowledge.releases import ReleaseStore


def names(store: ReleaseStore) -> set[str]:
    return {path.name for path in store.root.iterdir()} - {
        ".lock",
        ".switching",
        ".readings",
        ".addresses",
        ".addresses-lock",
    }
