"""Which addresses and promotional codes of articles customers may be shown: those of the start, and confirmed ones.

Somebody who can write into an article could put his own page, phone or card there, and no rule about words tells that
from the company's own. So what stood in the first release is the company's, unless it is only named where money or
secrets are asked for; what comes later waits until an administrator confirms it.
"""

import fcntl
import json
import re
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import structlog

from knowledge.addresses import addresses, covers, host, normal, promotional_codes
from knowledge.passages import Chunk

FILE: Final = ".addresses"
"""Beside the releases: what was decided outlives them."""
PLATFORMS: Final = frozenset(
    tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["platforms"]
)
_NOWHERE: Final = re.compile(
    r"[^/@]+\.(?:ya?ml|log|php|json|js|ts|xml|html?|txt|conf|ini|csv|png|jpe?g|pdf|docx?|xlsx?|exe|jar|key|crt|pem|dat|sql)"
    r"|(?:127|10|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}(?:[:/].*)?"
    r"|1\d{9}"
)
"""Names of files, addresses of private networks (RFC 1918), seconds since 1970."""
_WANTS: Final = re.compile(
    r"\bкарт(?:а|ы|у|е|ой)?\b|\bcv[vc]\b|\bпарол[ьяюе]|\bпин-?код|\bперевед|\bперечисл|\bсбп\b|\bпаспорт"
    r"|\bcards?\b|\bpassword|\bpin\b|\btransfer|\bbank details|\bpassport|\bsend (?:the )?(?:money|payment)",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"[^\n]+?(?:[.!?…]+(?=\s|$)|\n|$)")
_REMEMBERED: Final = 50_000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entries:
    """What the book says."""

    own: str = ""
    """The company's site: its pages, subdomains and mail addresses need no confirmation."""
    shown: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    waiting: Mapping[str, str] | None = None
    """What nobody has decided about, and an article that holds it."""

    def trusts(self, found: str) -> bool:
        """Whether customers may be sent there."""
        if found in self.refused:
            return False
        return found in self.shown or (bool(self.own) and covers(self.own, found))


@lru_cache(maxsize=_REMEMBERED)
def found_in(text: str) -> frozenset[str]:
    """Return the addresses and promotional codes of a text; what leads nobody anywhere is none."""
    return frozenset(one for one in addresses(text) if not _NOWHERE.fullmatch(one)) | promotional_codes(text)


class AddressBook:
    """The book beside the releases. Read anew whenever it has changed; safe to share between threads."""

    def __init__(self, releases: Path) -> None:
        """Use the folder of the releases; without a book everything is shown."""
        self._path = releases / FILE
        self._read: tuple[tuple[int, int, int], Entries | None] | None = None

    def withheld(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return what no answer may hold of what the texts hold."""
        entries = self.entries()
        if entries is None:
            return ()
        return tuple(sorted({one for text in texts for one in found_in(text) if not entries.trusts(one)}))

    def waiting(self) -> tuple[tuple[str, str], ...]:
        """Return what waits for a decision, and an article that holds it."""
        entries = self.entries()
        return tuple(sorted((entries.waiting or {}).items())) if entries else ()

    def decide(self, found: Iterable[str], *, show: bool) -> None:
        """Show these to customers from now on, or never."""
        some = frozenset(normal(one) for one in found)
        with self._locked():
            entries = self.entries() or Entries()
            self._write(
                replace(
                    entries,
                    shown=entries.shown | some if show else entries.shown - some,
                    refused=entries.refused - some if show else entries.refused | some,
                    waiting={one: where for one, where in (entries.waiting or {}).items() if one not in some},
                )
            )

    def review(self, before: Sequence[Chunk], now: Sequence[Chunk]) -> tuple[tuple[str, str], ...]:
        """Note what waits in a new release, and return it; a book that is not there begins with the release before."""
        with self._locked():
            return self._review(before, now)

    def _review(self, before: Sequence[Chunk], now: Sequence[Chunk]) -> tuple[tuple[str, str], ...]:
        entries = self.entries()
        waited: Mapping[str, str] = {}
        if entries is None:
            entries, changed = _first(before or now), now
        else:
            known = {chunk.id for chunk in before}
            changed = [chunk for chunk in now if chunk.id not in known]
            waited = entries.waiting or {}
        places = _places(changed)
        sought = {one for one in waited if one not in places}
        likely = {waited[one] for one in sought}
        for chunk in sorted(now, key=lambda chunk: chunk.source not in likely):
            if not sought:
                break
            for one in sought & found_in(_text(chunk)):
                places[one].add(chunk.source)
                sought.remove(one)
        waiting = {
            one: min(sources)
            for one, sources in places.items()
            if not entries.trusts(one) and one not in entries.refused
        }
        self._write(replace(entries, waiting=waiting))
        return tuple(sorted(waiting.items()))

    def entries(self) -> Entries | None:
        """Return what the book says, None when there is none."""
        try:
            status = self._path.stat()
            signature = (status.st_ino, status.st_mtime_ns, status.st_size)
            if self._read is None or self._read[0] != signature:
                self._read = (signature, _parsed(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.error("the address book cannot be read: nothing in it is trusted", error=type(error).__name__)
            return Entries()
        return self._read[1]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let nobody else decide meanwhile: administrators and builds write from different processes."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(f"{FILE}-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, entries: Entries) -> None:
        told = {
            "own": entries.own,
            "shown": sorted(entries.shown),
            "refused": sorted(entries.refused),
            "waiting": dict(sorted((entries.waiting or {}).items())),
        }
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self._path.parent, prefix=FILE, delete=False
        ) as aside:
            json.dump(told, aside, ensure_ascii=False, indent=1)
        Path(aside.name).chmod(0o644)
        Path(aside.name).replace(self._path)


def _parsed(text: str) -> Entries:
    told = json.loads(text)
    return Entries(told["own"], frozenset(told["shown"]), frozenset(told["refused"]), dict(told["waiting"]))


def _first(chunks: Sequence[Chunk]) -> Entries:
    """Take what the base starts with for the company's own, but for what it names only to ask for money or secrets."""
    places = _places(chunks)
    known = Entries(_own(places))
    harmless: set[str] = set()
    for chunk in chunks:
        text = _text(chunk)
        if found_in(text) <= harmless:
            continue
        for sentence in _SENTENCE.findall(text):
            if not _WANTS.search(sentence):
                harmless |= found_in(sentence)
    return replace(known, shown=frozenset(one for one in places if one in harmless or known.trusts(one)))


def _own(places: Mapping[str, set[str]]) -> str:
    """Return the host that most articles name, platforms apart."""
    naming: dict[str, set[str]] = defaultdict(set)
    for one, sources in places.items():
        name = host(one) if "/" in one or "@" in one else ""
        if re.search(r"\.[a-zа-яё-]+$", name) and name not in PLATFORMS:
            naming[name] |= sources
    return max(naming, key=lambda name: (len(naming[name]), name), default="")


def _places(chunks: Sequence[Chunk]) -> dict[str, set[str]]:
    places: dict[str, set[str]] = defaultdict(set)
    for chunk in chunks:
        for one in found_in(_text(chunk)):
            places[one].add(chunk.source)
    return places


def _text(chunk: Chunk) -> str:
    return "\n".join((chunk.title, *chunk.breadcrumb, chunk.question or "", chunk.text))
