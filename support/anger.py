"""Anger in a message: insults, shouting in capitals, rows of exclamation marks. Russian and English."""

import re
from typing import Final

from support import abuse

_INSULT: Final = re.compile(
    r"\b(?:"
    # Swearing: the roots have no other meaning, whatever stands around them.
    r"(?:на|о|по|ни)?ху[йеёяи]\w*|\w{0,4}пизд\w*|(?:за|вы|про|от|на|у|до|съ|разъ)?[её]б(?:ан|ат|аш|л[аои]|уч|н)\w*|бля(?:д\w*|т\w*)?"
    r"|сук[аиу]|нахер|нах|пошли\s+вы|ид[иё]те?\s+(?:вы\s+)?(?:на\s*х|в\s+жоп|к\s+ч[её]рт|лесом)\w*"
    r"|козл(?:ы|ина|ов)|уроды?|дебил\w*|идиот\w*|кретин\w*|тупиц[аы]|тупы[ей]|мраз[ьи]|сволоч[ьи]|твар[ьи]|ублюд\w+|мудак\w*"
    r"|придур\w+|дура(?:к[иаов]*)?|скот(?:ы|ина)|хамл?о|хам(?:ы|ство|ите|ят)|быдло|гнид[аы]|жулик\w*|кидал[аы]|лохотрон\w*"
    r"|вы\s+(?:\w+\s+)?(?:мошенник|обманщик|вор|врун|лжец|бездельник)\w*|шарашкин\w*"
    r"|обнагле\w+|оборзе\w+|охрене\w+|офиге(?:ли|вш)\w*|задолбал\w*|заколебал\w*|задрал[аи]"
    r"|(?:вы|уже|меня|все|всё)\s+достали|достали\s+(?:уже|меня)|издевает\w+|издевательств\w*|беспредел\w*|безобрази[ея]"
    r"|позор(?:ище)?|сколько\s+можно|терпени[ея]\s+(?:кончил|лопнул)\w*|терпени[ея]\s+на\s+исходе|вы\s+(?:там\s+)?совсем"
    r"|f+u+c+k\w*|bull\s?shit|shit(?:ty)?|wtf|assholes?|bastards?|bitch(?:es)?|idiots?|morons?|imbeciles?|dumb(?:ass)?"
    r"|scammers?|crooks?|liars?|thieves|rip\s?-?offs?|screw\s+you|damn(?:ed|it)?|ridiculous|disgusting|pathetic|outrageous"
    r"|disgrace(?:ful)?|fed\s+up|sick\s+(?:and\s+tired\s+)?of|what\s+the\s+hell|are\s+you\s+kidding|how\s+dare|worst\s+(?:\w+\s+)?ever"
    r"|(?:useless|stupid)\s+(?:\w+\s+)?(?:bot|service|company|shop|store|support|people|robot|machine)"
    r"|(?:you|y'?all)(?:\s+are|'re)\s+(?:\w+\s+)?(?:stupid|useless|scam|a\s+scam|a\s+joke|frauds?|thie\w+)"
    r")\b",
    re.IGNORECASE,
)
_FRIENDLY: Final = re.compile(
    r"\b(?:спасибо\w*|благодар\w+|здравствуй\w*|привет\w*|добр\w+\s+(?:день|утро|вечер)\w*|до\s+свидани\w+|ура|супер|отлично"
    r"|hello|hi|hey|good\s+(?:morning|day|evening)|thanks?(?:\s+you)?(?:\s+(?:so|very)\s+much)?|great|awesome|perfect)\b[\s,]*!*",
    re.IGNORECASE,
)
_SHOUTED: Final = re.compile(r"!{3,}|(?=[?!]*!)[?!]{4,}")
_MARKS: Final = 4
"""Exclamation marks in one message, wherever they stand."""
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_SHOUTED_WORDS: Final = 3
_SHOUTED_LETTERS: Final = 10
"""Fewer are abbreviations."""
_SHOUTED_SHARE: Final = 0.7


def signs(text: str) -> tuple[str, ...]:
    """Return what makes a message angry: any of insult, capitals, exclamation marks."""
    found = {
        "insult": _INSULT.search(text) is not None or bool(abuse.find(text)),
        "capitals": _in_capitals(text),
        "exclamation marks": _exclaims(_FRIENDLY.sub(" ", text)),
    }
    return tuple(name for name, holds in found.items() if holds)


def _in_capitals(text: str) -> bool:
    words = _WORD.findall(text)
    letters = sum(map(len, words))
    shouted = [word for word in words if word.isupper()]
    enough = len(shouted) >= _SHOUTED_WORDS and sum(map(len, shouted)) >= _SHOUTED_LETTERS
    return enough and sum(map(len, shouted)) >= _SHOUTED_SHARE * letters


def _exclaims(text: str) -> bool:
    return _SHOUTED.search(text) is not None or text.count("!") >= _MARKS
