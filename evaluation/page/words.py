"""The page's words and numbers in one language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.texts import Texts
from evaluation.assurance import Assurance
from evaluation.figures import Share

_UP: Final = 1e-9
"""So that a half is rounded up, as people do."""
_JOINED: Final = "\u2060"
"""Keeps an interval on one line."""


@dataclass(frozen=True, slots=True)
class Words:
    """Says texts and writes numbers as the language does."""

    texts: Texts

    def __call__(self, key: str, **values: str | float) -> str:
        """Return the text ``evaluation-<key>``."""
        return self.texts(f"evaluation-{key}", **values)

    @property
    def language(self) -> str:
        """``ru`` or ``en``."""
        return self.texts.language

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number with so many decimals."""
        written = f"{value:,.{digits}f}"
        return written.translate({ord(","): "\u202f", ord("."): ","}) if self.language == "ru" else written

    def signed(self, value: float) -> str:
        """Write a change with its sign and one decimal."""
        sign = "+" if value > 0 else "\u2212" if value < 0 else ""
        return sign + self.number(abs(value), 1)

    def percent(self, share: float, digits: int = 0) -> str:
        """Write a share of 0..1 in per cent."""
        return self.number(share * 100 + _UP, digits) + ("\u00a0%" if self.language == "ru" else "%")

    def interval(self, share: Share, digits: int = 0) -> dict[str, str]:
        """Return ``low`` and ``high`` of a share as texts ask for them."""
        low, high = share.interval
        return {"low": self.number(low * 100 + _UP, digits) + _JOINED, "high": _JOINED + self.percent(high, digits)}

    def quoted(self, texts: Iterable[str]) -> str:
        """Write texts in quotation marks, one after another."""
        return ", ".join(self("quoted", text=text) for text in texts)

    def thresholds(self, sure: Assurance) -> str:
        """Write what decided: one number, or one for each language."""
        if sure.at is not None:
            return self.number(sure.at, 2)
        return ", ".join(f"{self.known(name, name)} {self.number(one, 2)}" for name, one in sure.thresholds.items())

    def moment(self, iso: str) -> str:
        """Write a day and time."""
        try:
            at = datetime.fromisoformat(iso)
        except ValueError:
            return iso
        return at.strftime("%d.%m.%Y %H:%M UTC" if self.language == "ru" else "%Y-%m-%d %H:%M UTC")

    def known(self, key: str, otherwise: str) -> str:
        """Return the text of a name that may be a company's own."""
        return self(key) if self.texts.has(f"evaluation-{key}") else otherwise
