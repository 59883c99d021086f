"""Text → words, stems and character n-grams, for Russian and English, by script."""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

import Stemmer

from knowledge.stopwords import STOP_WORDS

GRAM_LENGTH = 4

_DIGIT_GROUPS = re.compile(r"(?<=\d)[\u0020\u00a0\u2009\u202f](?=\d{3}(?!\d))")
# Numbers and codes with their inner signs (2.5, 24/7, ORD-1024), then plain words.
_WORD = re.compile(r"[^\W_]*\d(?:[^\W_]|[-./:,_](?=[^\W_]))*|[^\W_]+(?:-(?=[^\W_]*\d)(?:[^\W_]|[-_](?=[^\W_]))+)?")
_CODE_SIGNS = re.compile(r"[-_/]")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_MIN_CODE = 3
_MIN_DIGITS_FIRST = 5

_stemmers = threading.local()


def normalise(text: str) -> str:
    """Lower case, ё = е, composed letters, digit groups joined («3 000» → «3000»)."""
    text = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    return _DIGIT_GROUPS.sub("", text)


def words(text: str) -> list[str]:
    """Return the words in order; numbers and codes are kept whole, codes without their hyphens."""
    text = normalise(text)
    found: list[str] = _WORD.findall(text)
    return [_code(word) for word in found] if _DIGIT.search(text) else found


def terms(text: str) -> list[str]:
    """Return stems of the words that carry meaning: what BM25 counts."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


def is_code(word: str) -> bool:
    """Letters and digits together, as in an article or error number."""
    if len(word) < _MIN_CODE or not _LETTER.search(word) or not _DIGIT.search(word):
        return False
    return bool(_LETTER.match(word)) or len(word) >= _MIN_DIGITS_FIRST


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the Snowball stem by script; numbers and codes are left alone."""
    if _DIGIT.search(word):
        return word
    return str(_stemmer("russian" if "а" <= word[:1] <= "я" else "english").stemWord(word))


def grams(tokens: Iterable[str]) -> Iterator[str]:
    """Yield character 4-grams of each word with its edges marked."""
    for token in tokens:
        marked = f"_{token}_"
        for start in range(max(1, len(marked) - GRAM_LENGTH + 1)):
            yield marked[start : start + GRAM_LENGTH]


def text_grams(text: str) -> list[str]:
    """Return the 4-grams of the words that carry meaning."""
    return list(grams(word for word in words(text) if word not in STOP_WORDS))


def _code(word: str) -> str:
    if not _DIGIT.search(word):
        return word
    return _CODE_SIGNS.sub("", word) if _LETTER.search(word) else word.replace(",", ".")


def _stemmer(language: str) -> Stemmer.Stemmer:
    # A stemmer object keeps a buffer of its own and must not be shared between threads.
    stemmer = getattr(_stemmers, language, None)
    if stemmer is None:
        stemmer = Stemmer.Stemmer(language)
        setattr(_stemmers, language, stemmer)
    return stemmer
