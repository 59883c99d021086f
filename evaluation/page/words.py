"""The page's words and numbers in one language."""

from dataclasses import dataclass
from datetime import datetime

from bot.texts import Texts
from evaluation.figures import Share


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

    def percent(self, share: float, digits: int = 0) -> str:
        """Write a share of 0..1 in per cent."""
        return self.number(share * 100, digits) + ("\u00a0%" if self.language == "ru" else "%")

    def interval(self, share: Share, digits: int = 0) -> dict[str, str]:
        """Return ``low`` and ``high`` of a share as texts ask for them."""
        low, high = share.interval
        return {"low": self.number(low * 100, digits), "high": self.percent(high, digits)}

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
