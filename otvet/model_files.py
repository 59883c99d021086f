"""Models on disk: fetched from the Hub at a recorded revision, with a hash that is checked ever after.

https://huggingface.co/docs/hub/models-downloading: a file is served at OWNER/NAME/resolve/REVISION/FILE, and the header
``X-Repo-Commit`` names the commit that a branch stood for.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import httpx

from otvet.errors import CommandError

# The Hub's own tools read this variable; a company's mirror sets it.
HUB_VARIABLE: Final = "HF_ENDPOINT"
HUB: Final = "https://huggingface.co"
RECORDS: Final = "models.json"
_TIMEOUT_S: Final = 60.0
_COMMIT_HEADER: Final = "x-repo-commit"

Progress = Callable[[int, int], None]
"""Bytes that are here, and bytes of all (0: unknown)."""


@dataclass(frozen=True, slots=True)
class Record:
    """What was fetched the first time."""

    revision: str
    """The commit."""
    sha256: str
    size: int


def pull(repository: str, file: str, folder: Path, *, revision: str | None, progress: Progress) -> tuple[Path, Record]:
    """Fetch a file unless it is here and unchanged; go on where an earlier try broke off.

    Without ``revision`` the recorded one is fetched, the first time the newest.

    Raises:
        CommandError: the Hub does not have it, cannot be reached, or sends something else than the first time.
    """
    if PurePosixPath(file).name in {"", ".", ".."} or ".." in PurePosixPath(file).parts or repository.count("/") != 1:
        raise CommandError("Name the model like the Hub does: otvet model pull OWNER/NAME FILE.gguf.")
    target = folder / PurePosixPath(file).name
    known = _records(folder).get(f"{repository}/{file}")
    if known and revision in {None, known.revision} and target.is_file():
        if file_hash(target) == known.sha256:
            return target, known
        raise CommandError(f"{target} is not what was fetched first (its SHA-256 differs): remove it and pull again.")
    wanted = revision or (known.revision if known else "main")
    folder.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.part")
    commit = _download(f"{_hub()}/{repository}/resolve/{wanted}/{file}", partial, progress) or wanted
    record = Record(revision=commit, sha256=file_hash(partial), size=partial.stat().st_size)
    if known and known.revision == commit and known.sha256 != record.sha256:
        partial.unlink()
        raise CommandError(f"The Hub sent another {file} than the first time (its SHA-256 differs): it was not kept.")
    partial.replace(target)
    _remember(folder, f"{repository}/{file}", record)
    return target, record


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hub() -> str:
    return (os.environ.get(HUB_VARIABLE) or HUB).rstrip("/")


def _download(url: str, partial: Path, progress: Progress) -> str | None:
    have = partial.stat().st_size if partial.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    commit: str | None = None

    def remember_commit(response: httpx.Response) -> None:
        # The Hub names the commit, then redirects to where the bytes are.
        nonlocal commit
        commit = response.headers.get(_COMMIT_HEADER) or commit

    hooks = {"response": [remember_commit]}
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True, event_hooks=hooks) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return commit
            response.raise_for_status()
            goes_on = response.status_code == httpx.codes.PARTIAL_CONTENT
            have = have if goes_on else 0
            total = have + int(response.headers.get("content-length", "0"))
            with partial.open("ab" if goes_on else "wb") as file:
                for block in response.iter_bytes():
                    file.write(block)
                    have += len(block)
                    progress(have, total)
    except httpx.HTTPStatusError as error:
        raise CommandError(f"The Hub does not give {url} (status {error.response.status_code}).") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(
            f"{url} could not be fetched ({type(error).__name__}): try again, it goes on where it broke off."
        ) from error
    return commit


def _records(folder: Path) -> dict[str, Record]:
    path = folder / RECORDS
    if not path.exists():
        return {}
    try:
        return {name: Record(**fields) for name, fields in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise CommandError(f"{path} is damaged: remove it, and the models are recorded anew.") from error


def _remember(folder: Path, name: str, record: Record) -> None:
    records = {known: asdict(fields) for known, fields in _records(folder).items()} | {name: asdict(record)}
    path = folder / RECORDS
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
