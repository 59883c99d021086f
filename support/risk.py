"""Risky demands: a decision about money or a legal threat. They go to a person, whatever the knowledge base says.

Questions about the rules («как вернуть деньги?») are not demands and are answered like any other.
"""

import re
from enum import StrEnum


class Risk(StrEnum):
    """What makes a demand risky."""

    MONEY = "money"
    LEGAL = "legal"


_LEGAL = re.compile(
    r"\b(?:в\s+суд|через\s+суд|подам\s+(?:в\s+)?(?:суд|иск|жалоб)|иск\b|прокуратур|роспотребнадзор|досудебн|претензи[юя]"
    r"|my\s+lawyer|lawsuit|sue\s+you|take\s+you\s+to\s+court|small\s+claims|trading\s+standards|chargeback)",
    re.IGNORECASE,
)
_MONEY = re.compile(
    # An order to act: «верните деньги», «сделайте скидку», "refund me", "apply the discount".
    r"\b(?:верните|вернит[ьe]|возместите|компенсируйте|выплатите)\b.{0,40}\b(?:деньги|средства|оплату|сумму|стоимость|разницу|[\d\s]+р)"
    r"|\b(?:сделайте|дайте|примените|предоставьте|оформите|начислите)\b.{0,40}\b(?:скидк|компенсац|возврат|кэшбэк|бонус)"
    r"|\b(?:обещал[аи]?|пообещал[аи]?)\b.{0,60}(?:скидк|компенсац|верн|бесплатн|подар|%|процент)"
    r"|(?:скидк|компенсац|бесплатн|подар|процент).{0,60}\b(?:обещал[аи]?|пообещал[аи]?)\b"
    r"|\b(?:требую|хочу|жду)\b.{0,30}\b(?:компенсаци|неустойк|моральн)"
    r"|\bтребую\b.{0,30}\b(?:верн|возврат|возмещ|деньги)"
    r"|\b(?:переведите|перечислите|отдайте)\b.{0,40}\b(?:деньги|средства|сумму|их\s+на)"
    r"|\b(?:refund|reimburse|compensate)\s+me\b|\bgive\s+me\s+(?:a|my|the)?\s*(?:full\s+)?(?:refund|money|discount|compensation)"
    r"|\bi\s+(?:demand|want|need)\s+(?:a\s+|my\s+)?(?:full\s+)?(?:refund|money\s+back|compensation)\b"
    r"|\b(?:apply|honou?r)\b.{0,40}\b(?:discount|\d+\s*%|offer|promise)|\bpromised\b.{0,60}(?:discount|refund|%|free|percent)"
    r"|(?:discount|refund|free|percent).{0,60}\bpromised\b",
    re.IGNORECASE | re.DOTALL,
)


def find(text: str) -> Risk | None:
    """Return what makes the message a risky demand, None when nothing does."""
    if _LEGAL.search(text):
        return Risk.LEGAL
    if _MONEY.search(text):
        return Risk.MONEY
    return None
