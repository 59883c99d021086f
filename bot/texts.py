"""What people read: Fluent files, one a language, with plurals and genders done right."""

from functools import cache
from pathlib import Path
from typing import Final

from fluent.runtime import FluentBundle, FluentResource

from support.jobs import Language

LOCALES: Final = Path(__file__).with_name("locales")
LANGUAGES: Final[tuple[Language, ...]] = ("ru", "en")


class MissingTextError(KeyError):
    """A text or one of its arguments is missing: a mistake of ours, found by tests."""


class Texts:
    """The messages of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._bundle = _bundle(language)

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return bool(self._bundle.has_message(key))

    def __call__(self, key: str, **args: str | float) -> str:
        """Return the text.

        Raises:
            MissingTextError: no such key, or an argument is missing.
        """
        if not self._bundle.has_message(key):
            raise MissingTextError(key)
        pattern = self._bundle.get_message(key).value
        if pattern is None:
            raise MissingTextError(key)
        text, errors = self._bundle.format_pattern(pattern, args)
        if errors:
            raise MissingTextError(key, errors)
        return str(text)


@cache  # the files are the program's own, and reading them takes most of a second
def _bundle(language: Language) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    for file in sorted((LOCALES / language).glob("*.ftl")):
        bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


class Library:
    """The texts of every language."""

    def __init__(self) -> None:
        self._texts = {language: Texts(language) for language in LANGUAGES}

    def of(self, language: str) -> Texts:
        """Return the texts of a language, English for one that we do not speak."""
        return self._texts["ru" if language == "ru" else "en"]
