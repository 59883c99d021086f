"""Names of people, Russian and English: by a dictionary, by what stands beside them, by how people give them.

A first name alone is masked where it can be nothing else; a product, a shop, a street or a metro station that is called
by a person's name stays, for an answer needs it.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib import resources
from typing import Final

from support.masking.dictionary import PERSON, Reading, reading
from support.masking.spans import STARS, Span

_TOKEN = re.compile(r"[А-ЯЁа-яё]+(?:-[А-ЯЁа-яё]+)*|[A-Za-z]+(?:['’-][A-Za-z]+)*")
_CYRILLIC = re.compile(r"[А-ЯЁа-яё-]+")
_ENGLISH_INITIALS = re.compile(r"(?<![\w.])(?!U\. ?S\.|U\. ?K\.|P\. ?S\.)(?:[A-Z]\. ?){1,2}[A-Z][a-z]{3,}(?!\w)")
_INITIALS = re.compile(
    r"(?<!\w)(?:([А-ЯЁ][а-яё]{2,}(?:-[А-ЯЁ][а-яё]+)?) [А-ЯЁ]\. ?[А-ЯЁ]\.|[А-ЯЁ]\. ?[А-ЯЁ]\. ?([А-ЯЁ][а-яё]{2,}))"
)
_PATRONYMIC = re.compile(r"(?:ович|евич|овн|евн|ични|иничн|ыч|ич)(?:а|у|ем|ом|е|ой|ы)?$")
_SURNAME = re.compile(
    r"(?:[оеё]в|[иы]н)(?:а|у|ым|ой|е|ы|ых)?$|[сц]к(?:ий|ая|ого|ому|им|ой|ую)$|(?:енко|[чн]ук|юк|чак|[ая]нц?|дзе|швили|оглы"
    r"|заде|ман|берг|штейн|сон|ич|ец|ых|ко)(?:а|у|ом|ем|е)?$"
)
_SAID_RU = re.compile(
    r"\b(?:меня|мен[еью]|его|её|ее|жену|мужа|маму|папу|сына|дочь|дочку|брата|сестру|получател\w+)?\s*зовут|\bмо[её] имя"
    r"|\bимя\s?[:—-]|\bфио\b|\bф\.\s?и\.\s?о\.|\bфамили[яюи]\b|\bна имя\b|\bполучател[ьяюе]\w*|\bотправител[ьяюе]\w*"
    r"|\bзаказчи[ка]\w*|\bс уважением|\bискренне ваш[аи]?|\b[Вв]аша?(?=,? [А-ЯЁ])|\bгоспо(?:дин|жа|жи)\w*"
    r"|\bг-(?:н|жа)\b|\bимя(?=\s[А-ЯЁ])|\bклиент\w*|\bпокупател\w+|\bконтактн\w+ лицо",
    re.IGNORECASE,
)
_SMALL_TOO = re.compile(r"зовут$|имя$|фио$|фамили[яюи]$|\bимя\s?[:—-]$|получатель$", re.IGNORECASE)
_SAID_EN = re.compile(
    r"\bmy (?:full |first |last |sur)?name(?: is|'s|:)|\b(?:first |last |family |sur)name(?: is|:)?"
    r"|\bname(?: is| was|'s|:)|\bnamed\b|\bi'?m called|\b(?:recipient|addressee|cardholder|customer)(?: is|:)"
    r"|\b(?:kind |best )?regards,?|\bsincerely,?|\byours,?|\bcheers,|\bthanks,\n|\b(?:mr|mrs|ms|miss|dr)\b\.?"
    r"|\baddressed to|\bin the name of|\bunder the name(?: of)?",
    re.IGNORECASE,
)
_SMALL_TOO_EN = re.compile(r"my (?:full |first |last |sur)?name(?: is|'s|:)$|\bname:$", re.IGNORECASE)
_FOR_SOMEBODY = re.compile(r"\b(?:для|у|к|ко|с|со)\s$", re.IGNORECASE)
_I = re.compile(r"(?<!\w)(?i:я|i am|i'm)\s+([a-zа-яё]{3,})(?!\w)")
_KIN = re.compile(
    r"(?:\b(?:муж\w{0,3}|жен[аыуе]|мам[аыуе]|пап[аыуе]|сын\w{0,2}|дочь|дочк[аиуе]|брат\w?|сестр[аыуе]|друг\w?|подруг[аиу])"
    r"|\b(?:wife|husband|mother|father|mum|mom|dad|son|daughter|brother|sister|friend|colleague|neighbou?r|manager|courier)"
    r"(?:'s name)?(?: is| was)?,?)\s$",
    re.IGNORECASE,
)
_I_AM = re.compile(r"(?:\b[Ээ]то|\b[Яя],?|\bI'm|\bI am|\b[Tt]his is|\b[Ii]t's)\s$")
_NO_NAME_AFTER = re.compile(
    r"(?:\b(?:ул|пр|пер|пл|наб|им|ш|м|б|г|пос|дер|с)\.|\bулиц\w+|\bпроспект\w*|\bпереул\w+|\bплощад\w+|\bметро|\bстанци\w+|\bимени"
    r"|\bпарк\w*|\bтеатр\w*|\bмузе\w+|\bзавод\w*|\bфабрик\w+|\bпосёлк\w+|\bпоселк\w+|\bгород\w*|\bпремии|\bбрат\w+)\s*$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"«[^«»\n]{1,60}»|“[^“”\n]{1,60}”|\"[^\"\n]{1,60}\"")
# Voice assistants and films live in shops' catalogues under names that people have.
_NOT_A_PERSON = re.compile(r"\bяндекс|\bколонк|\bстанци[яиюей]|\balexa\b|\bsiri\b", re.IGNORECASE)
_NAME_ALONE: Final = Reading.FIRST_NAME | Reading.BASE_FORM
_SHORTEST: Final = 3
_MOST_WORDS: Final = 3
_LOOK_BACK: Final = 40
_EASTERN_SURNAME = re.compile(
    r"(?!Carolina|Argentina|Medina|Casanova)\w{3,}(?:ova|eva|ina|skaya|enko|yan|dze|shvili|[oe]v)$"
)
_ENGLISH_SURNAME = re.compile(r"[A-Z][a-z'’-]{2,}|[A-Z]['’][A-Z][a-z]+|Mc[A-Z][a-z]+")


@lru_cache(maxsize=1)
def _english() -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    """First names, those that are words or places too, words that no surname is, brands called by a person's name."""
    text = resources.files("support.masking").joinpath("names_en.txt").read_text("utf-8")
    names, ambiguous, no_surname, brands = (part.split("\n", 1)[1] for part in text.split("\n# ")[1:])
    lines = frozenset(line.strip().lower() for line in brands.splitlines() if line.strip())
    return frozenset(names.split()), frozenset(ambiguous.split()), frozenset(no_surname.split()), lines


def names(text: str, taken: Sequence[Span] = ()) -> Iterator[Span]:
    """Find names: ``А*** П***``; not in what is ``taken`` by something else already."""
    for match in _INITIALS.finditer(text):
        word = match[1] or match[2]
        if reading(word) & Reading.SURNAME or _SURNAME.search(word) or reading(word) is Reading.UNKNOWN:
            yield Span(match.start(), match.end(), stars(match.group()))
    for match in _ENGLISH_INITIALS.finditer(text):
        yield Span(match.start(), match.end(), stars(match.group()))
    tokens = [
        token
        for token in _TOKEN.finditer(text)
        if not any(span.start < token.end() and token.start() < span.end for span in taken)
        and not _is_initial(text, token)
    ]
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    yield from _introduced(text, tokens)
    yield from _small(text, tokens)
    yield from _said_small(text)
    index = 0
    while index < len(tokens):
        used, is_name = _sequence(text, tokens, index)
        first, last = tokens[index], tokens[index + max(used, 1) - 1]
        # A title in «quotes»; in "plain" ones a full name is a value that somebody quotes.
        in_quotes = any(
            start <= first.start() and last.end() <= end and (used < 2 or text[start] != '"')  # noqa: PLR2004  # a name and a surname
            for start, end in quoted
        )
        if is_name and not in_quotes and not _before(_NO_NAME_AFTER, text, first.start()):
            yield Span(first.start(), last.end(), stars(text[first.start() : last.end()]))
        index += max(used, 1)


def _before(pattern: re.Pattern[str], text: str, at: int) -> bool:
    """Whether the words right before a place are of a kind."""
    return pattern.search(text, max(0, at - _LOOK_BACK), at) is not None


def _is_initial(text: str, token: re.Match[str]) -> bool:
    """Whether it is what masking has left of a name: ``J***``."""
    return len(token.group()) == 1 and text.startswith(STARS, token.end())


def _is_no_person(text: str, token: re.Match[str]) -> bool:
    """Whether a device is spoken of that is called like a person."""
    return _NOT_A_PERSON.search(text, max(0, token.start() - _LOOK_BACK), token.end() + _LOOK_BACK) is not None


def stars(name: str) -> str:
    """Return a name as it is shown: ``Анна Петрова`` becomes ``А*** П***``."""
    return " ".join(f"{word[0]}{STARS}" for word in re.split(r"[ .]+", name) if word)


def _introduced(text: str, tokens: list[re.Match[str]]) -> Iterator[Span]:
    """Find what people say to be a name: up to three words after the phrase, small ones after the clearest only."""
    for said, small_too, is_word in ((_SAID_RU, _SMALL_TOO, _ru_word), (_SAID_EN, _SMALL_TOO_EN, _en_word)):
        for phrase in said.finditer(text):
            small = small_too.search(phrase.group()) is not None
            taken: list[re.Match[str]] = []
            at = phrase.end()
            for token in tokens:
                if token.start() < at:
                    continue
                gap = text[at : token.start()]
                if len(taken) == _MOST_WORDS or (gap.strip(' \t\n,.:;—–-«"') if not taken else gap != " "):
                    break
                if not is_word(token.group(), small=small, first=not taken):
                    break
                taken.append(token)
                at = token.end()
            if taken:
                start, end = taken[0].start(), taken[-1].end()
                yield Span(start, end, stars(text[start:end]))


def _ru_word(word: str, *, small: bool, first: bool) -> bool:
    if not _CYRILLIC.fullmatch(word):
        # «клиент OpenVPN» is no person.
        return word[0].isupper() and (word.lower() in _english()[0] or (not first and _is_plain(word)))
    found = reading(word)
    if word[0].isupper():
        return (
            bool(found & PERSON)
            or found is Reading.UNKNOWN
            or (not first and _SURNAME.search(word.lower()) is not None)
        )
    return small and len(word) >= _SHORTEST and bool(found & PERSON) and (not found & Reading.COMMON or first)


def _en_word(word: str, *, small: bool, first: bool) -> bool:
    names_, _, no_surname, _ = _english()
    lower = word.lower()
    if _CYRILLIC.fullmatch(word):
        return word[0].isupper() and bool(reading(word) & PERSON)
    if word[0].isupper():
        return lower not in no_surname and _is_plain(word)
    return small and (lower in names_ or (not first and lower not in no_surname and len(word) > _SHORTEST))


def _is_plain(word: str) -> bool:
    """Whether an English word is written as names are: WalMart and PDF are not."""
    return _ENGLISH_SURNAME.fullmatch(word) is not None or len(word) < _SHORTEST


def _sequence(text: str, tokens: list[re.Match[str]], index: int) -> tuple[int, bool]:
    """Return how many tokens from here belong together, and whether they are a name."""
    word = tokens[index].group()
    if word[0].isascii():
        return _english_sequence(text, tokens, index)
    if not word[0].isupper():
        return 1, False
    words = [word]
    for token, before in zip(tokens[index + 1 : index + 4], tokens[index : index + 3], strict=False):
        if text[before.end() : token.start()] != " " or not token.group()[0].isupper() or token.group()[0].isascii():
            break
        words.append(token.group())
    return _russian_name(text, tokens, index, words)


def _russian_name(text: str, tokens: list[re.Match[str]], index: int, words: list[str]) -> tuple[int, bool]:
    kinds = [_kind(word) for word in words]
    for length in range(min(len(words), _MOST_WORDS), 1, -1):
        if _is_full_name(words[:length], kinds[:length]):
            return length, not (kinds[0] is Reading.UNKNOWN and _is_called_so(tokens, index, kinds[:length]))
    return 1, _is_alone(text, tokens, index, kinds[0])


def _is_called_so(tokens: list[re.Match[str]], index: int, kinds: list[Reading]) -> bool:
    """Whether a thing goes before that is called so: «кровать Аскона Марлена»."""
    declined = any(kind & PERSON and not kind & Reading.BASE_FORM for kind in kinds)
    return index > 0 and not declined and bool(reading(tokens[index - 1].group()) & Reading.THING)


def _kind(word: str) -> Reading:
    """Return what a word may be; of a double one («Анна-Мария») what all its parts may be."""
    parts = [reading(part) for part in word.split("-")]
    kind = parts[0]
    for part in parts[1:]:
        kind = kind & part if kind and part else Reading.COMMON
    return kind


def _is_full_name(words: list[str], kinds: list[Reading]) -> bool:
    """Whether words with capitals side by side are a name: a first name or patronymic, and nothing that is no name."""
    certain = [bool(kind & (Reading.FIRST_NAME | Reading.PATRONYMIC)) for kind in kinds]
    possible = [
        bool(kind & PERSON) or (kind is Reading.UNKNOWN and len(word) >= _SHORTEST)
        for word, kind in zip(words, kinds, strict=True)
    ]
    if not any(certain) or not all(possible):
        return False
    surname = any(
        bool(kind & (Reading.SURNAME | Reading.PATRONYMIC)) or kind is Reading.UNKNOWN or _SURNAME.search(word.lower())
        for word, kind, is_certain in zip(words, kinds, certain, strict=True)
        if not is_certain or kind & Reading.PATRONYMIC
    )
    unambiguous = sum(bool(kind & PERSON) and not kind & Reading.COMMON for kind in kinds)
    return bool(surname) and unambiguous > 0


def _is_alone(text: str, tokens: list[re.Match[str]], index: int, kind: Reading) -> bool:
    """Whether a single word with a capital is a person: it can be nothing else, and nothing is called by it here."""
    word, start = tokens[index].group(), tokens[index].start()
    if not kind & PERSON or (word.isupper() and len(word) > 1):
        return False
    if _before(_KIN, text, start) and kind & Reading.FIRST_NAME:
        return True
    is_place = bool(kind & Reading.PLACE) and not _is_for_somebody(text, tokens[index], kind)
    if kind & Reading.COMMON or is_place or len(word) < _SHORTEST or _is_no_person(text, tokens[index]):
        return False
    if index == 0 or not text[tokens[index - 1].end() : start].isspace() or _before(_I_AM, text, start):
        return True
    return not (kind & Reading.BASE_FORM and reading(tokens[index - 1].group()) & Reading.THING)


def _is_for_somebody(text: str, token: re.Match[str], kind: Reading) -> bool:
    """Whether a city's name is a person's here: «для Артёма», «к Владимиру»."""
    is_name = bool(kind & Reading.FIRST_NAME) and not kind & Reading.BASE_FORM
    return is_name and _before(_FOR_SOMEBODY, text, token.start())


def _small(text: str, tokens: list[re.Match[str]]) -> Iterator[Span]:
    """«анна сергеевна», «петров иван сергеевич»: without capitals it is a patronymic that makes a name certain."""
    for index, token in enumerate(tokens):
        word = token.group()
        if (
            word[0].isupper()
            or not _PATRONYMIC.search(word)
            or reading(word) & ~Reading.BASE_FORM != Reading.PATRONYMIC
        ):
            continue
        first = last = index
        while first > 0 and index - first < _MOST_WORDS - 1 and _is_part(text, tokens, first - 1):
            first -= 1
        if (
            last + 1 < len(tokens)
            and text[token.end() : tokens[last + 1].start()] == " "
            and not reading(tokens[last + 1].group()) & Reading.COMMON
        ):
            last += bool(reading(tokens[last + 1].group()) & Reading.SURNAME)
        start, end = tokens[first].start(), tokens[last].end()
        yield Span(start, end, stars(text[start:end]))


def _said_small(text: str) -> Iterator[Span]:
    """«я настя», «i am anastasia»: a name that can be nothing else."""
    for match in _I.finditer(text):
        word = match[1]
        if word[0].isascii():
            certain = word in _english()[0]
        else:
            kind = reading(word)
            certain = bool(kind & Reading.FIRST_NAME) and bool(kind & Reading.BASE_FORM) and not kind & ~_NAME_ALONE
        if certain:
            yield Span(match.start(1), match.end(1), stars(word))


def _is_part(text: str, tokens: list[re.Match[str]], index: int) -> bool:
    """Whether a word may be part of a name that goes on behind it."""
    gap = text[tokens[index].end() : tokens[index + 1].start()]
    return gap == " " and bool(reading(tokens[index].group()) & PERSON)


def _english_sequence(text: str, tokens: list[re.Match[str]], index: int) -> tuple[int, bool]:
    names_, ambiguous, no_surname, brands = _english()
    word, start = tokens[index].group(), tokens[index].start()
    lower = word.lower()
    if not word[0].isupper() or lower in no_surname or len(word) < _SHORTEST - 1:
        return 1, False
    known, maybe = lower in names_, lower in ambiguous
    said, kin = _before(_I_AM, text, start), _before(_KIN, text, start)
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is not None and text[tokens[index].end() : following.start()] == " ":
        surname = following.group()
        pair = f"{lower} {surname.lower()}"
        if any(brand.startswith(pair) for brand in brands):
            return 2, False
        if _ENGLISH_SURNAME.fullmatch(surname) and surname.lower() not in no_surname:
            by_form = _EASTERN_SURNAME.search(surname) is not None and _ENGLISH_SURNAME.fullmatch(word) is not None
            is_name = known or kin or by_form or (maybe and surname.lower() in names_)
            return (2, True) if is_name else (1, False)
    if kin or (said and known):
        return 1, known or maybe or kin
    if not known or any(brand.split()[0] == lower for brand in brands):
        return 1, False
    return 1, not _is_no_person(text, tokens[index])
