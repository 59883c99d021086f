"""Prints how well masking does."""

# ruff: noqa: T201  # it prints

import sys
import time

from evaluation.masking import LANGUAGES, Score, read, score
from support.masking import found


def _line(language: str, total: Score, ms: float) -> str:
    kinds = ", ".join(
        f"{kind} {count - total.missed_by_kind[kind]}/{count}" for kind, count in sorted(total.by_kind.items())
    )
    return (
        f"{language}: recall {total.recall:.3f} ({total.found}/{total.pieces}), precision {total.precision:.3f} "
        f"({total.rightly}/{total.hidden}), untouched {total.kept}/{total.untouched}, {ms:.2f} ms a sentence; {kinds}"
    )


def main() -> None:
    """Print a line a language."""
    found("Анна Ковальчук")
    for language in (*LANGUAGES, *(f"{language}-unseen" for language in LANGUAGES)):
        sentences = read(language)
        began = time.process_time()
        total = score(sentences, found)
        print(_line(language, total, (time.process_time() - began) * 1000 / len(sentences)))
        if "--errors" in sys.argv:
            print("\n".join(total.errors))


main()
