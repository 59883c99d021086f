"""Whether a message asks for a person in plain words, whatever else it says: word lists and patterns of sentences.

Everything works on folded text (``support.intents.features.fold``) whose numbers are ``0``.
"""

import re
from enum import Enum
from functools import cache, lru_cache
from typing import Final

from support.intents.retyping import readings
from support.intents.spelling import Speller, distance
from support.intents.words import TABLES, TERMS, WORD

# Whom people ask for: long words, found in any form and in spite of typos.
_PERSONS: Final = (
    "оператор", "консультант", "менеджер", "администратор", "специалист", "сотрудник",
    "operator", "consultant", "manager", "representative", "specialist", "supervisor",
)  # fmt: skip
_NEGATED: Final = re.compile(
    r"(?<!\w)(?:не (?:надо|нужно|нужен|зовите|хочу|соединяйте)(?: \w+){0,2}|без|no need for|without|not|"
    r"(?:dont|do not) (?:need|want|call)(?: \w+){0,2}) "
    r"(?:оператор\w*|человек\w*|менеджер\w*|консультант\w*|специалист\w*|администратор\w*|сотрудник\w*|"
    r"(?:an? )?(?:operator|human|person|manager|agent|consultant|representative))(?!\w)"
    r"|(?<!\w)(?:оператор|человек|менеджер)\w* (?:мне )?не (?:нужен|нужны|надо|нужно)(?!\w)"
)
# Who belongs to a team stands for whoever of it answers.
_TEAM: Final = re.compile(
    r"(?<!\w)(?:customer (?:service|support|care)|support (?:team|staff)|служб\w+ поддержки"
    r"|members? of (?:the |your )?(?:\w+ )?(?:staff|team)|(?:staff|team) members?)(?!\w)"
)
# «Connect me with support» asks for a person, «do you support it» does not.
_SUPPORT: Final = re.compile(
    r"((?:(?:connect|transfer|put|switch|pass) (?:me|us) (?:to|with|through to|over to)"
    r"|(?:talk|speak|chat) (?:to|with)) (?:the |your )?)support(?!\w| (?:team|staff))"
)
# People whom nobody can call to a chat, and things that are named after people.
_OTHERS: Final = re.compile(
    r"(?<!\w)(?:оператор\w* (?:(?:сотов|мобильн)\w+(?: связи)?|связи|станк\w+|пк)|(?:сотов|мобильн)\w+ оператор\w*"
    r"|(?:mobile|phone|tour|network|cell|cellular|modulo|boolean|machine) operators?"
    r"|contact persons?|(?:do|most|other|many|some) people"
    r"|(?:travel|estate|cleaning|bleaching|washing|booking|insurance) agents?|password managers?"
    r"|human (?:hair|size|sized|resources|anatomy|rights|body)|humans? and \w+|person limit|somebody other"
    r"|human-\w+|человек\w*-\w+|\w+-человек\w*|человек\w* паук\w*"
    r"|(?:0|two|three|four|five|six|eight|ten|дв\w+|тр[ео]\w+|четыр\w+|пят\w+|шест\w+)[ -]?(?:\w+ )?"
    r"(?:человек\w*|people|persons?)"
    r"|ваканси\w+ \w+|(?:работаю|работал\w*) (?:\w+ )?\w+(?:ом|ером)|hiring \w+)(?!\w)"
)
_BOT: Final = r"(?:бот|робот|машин|автоответчик|железяк|тобой)\w*"
_EN_BOT: Final = r"(?:chat ?bot|bot|robot|machine|computer|ai)s?"
_SOMEBODY: Final = r"(?:person|human|man|woman|someone|somebody|agent|operator|people)"
_LIVE: Final = r"(?:real|live|actual|living)"
# Requests that are told by the whole phrase.
_PHRASES: Final = re.compile(
    rf"(?<!\w)(?:не (?:хочу|буду|желаю|собираюсь)(?: \w+)? с (?:вашим |этим )?{_BOT}"
    rf"|(?:dont|do not|not) (?:want|wish|like)(?: \w+)? to (?:talk|speak|chat|deal) (?:to|with) (?:\w+ )?{_EN_BOT}"
    rf"|(?:dont|do not) want (?:an? |the |this )?{_EN_BOT}"
    rf"|{_SOMEBODY} (?:rather than|instead of|and not|not)(?: an?| the| this| your)? {_EN_BOT}"
    rf"|not (?:an? |the |for an? )?{_EN_BOT},? (?:but )?(?:for )?(?:an? )?{_SOMEBODY}"
    rf"|(?:человек|оператор|менеджер|сотрудник)\w*,? (?:а )?не (?:с |к )?{_BOT}"
    rf"|не (?:с |к )?{_BOT},? а (?:с |к )?(?:\w+ )?(?:человек|оператор|менеджер|сотрудник)\w*"
    r"|(?:есть |тут |здесь )?кто(?:-нибудь)?(?: \w+)? жив\w+|кто-нибудь из (?:людей|сотрудников|операторов)"
    r"|(?:живые|реальные|настоящие) люди (?:есть|тут|здесь)|(?:есть|тут|здесь) (?:\w+ )?(?:живые|реальные) люди"
    r"|поддержк\w+,? жив\w+|жив\w+ поддержк\w+"
    r"|(?:any(?:body|one)|someone|somebody|кто-нибудь|кто-то)(?: \w+){0,2} (?:i|we|я) (?:can|could|may|мог\w*)"
    r" (?:talk|speak|chat|погов\w+|пообщ\w+|обратит\w+)"
    rf"|is (?:the?re? )?(?:any(?:body|one)|some(?:body|one)) (?:{_LIVE} |alive )?(?:there|here|around|available)"
    rf"|is there an? (?:{_LIVE} )?(?:human|person|agent|operator)"
    r"|где (?:же |там |тут )?(?:оператор|менеджер|человек|консультант)\W*$"
    rf"|any (?:{_LIVE} )?(?:humans?|people|persons?|agents?) (?:\w+ )?(?:there|here|around|available|online)"
    rf"|(?:can|could|would|have|let|may)(?: \w+)?(?: an?| the)?(?: {_LIVE}| actual)? (?:person|human|agent|operator)"
    r"(?: being)? (?:\w+ )?(?:answer|reply|respond|contact me|call me|look into|look at|talk to|get in touch|take over"
    r"|handle|check|help)"
    r"|(?:connect|transfer|switch|put) (?:me|us) (?:directly )?(?:to|through to|over to) (?:the |your )?\w+ ?"
    r"(?:service|desk|team|department|office)"
    r"|(?:speak|talk) (?:directly )?(?:to|with) (?:the |your )?(?:reception|front desk|management|team|office|shop))"
    r"(?!\w)"
)
_SENTENCE: Final = re.compile(r"[^.!?;\n]+[.!?;]*")
_THANKED: Final = re.compile(r"(?<!\w)(?:спасибо|благодар\w*|привет|thanks|thank you)(?!\w)")
_TALKING: Final = ("поговорить", "говорить", "общаться", "пообщаться", "разговаривать", "talk", "speak", "chat")
_WITH: Final = re.compile(
    r"(?:хочу|хотел\w*|хотим|надо|нужно|want to|wanna|need to|like to|let me|lemme|me) (\w+) (?:с|со|to|with) "
)
_SHORT_REQUEST_WORDS: Final = 8
_LONG_WORD: Final = 7
_LONGEST_WORD: Final = 30
# Words that say something and may stand between the verb of calling and the person.
_NAMED_GAP, _ANYONE_GAP, _WISH_GAP = 4, 1, 0
_SURE_PERSONS: Final = frozenset({"agent", "human", "человека"})
# Nothing else said, these ask for a person as well.
_BARE_PERSONS: Final = frozenset({"человек", "людей", "люди", "person", "somebody", "someone"})
_MARKED: Final = re.compile(
    r"(?<!\w)(?:пожалуйста|плиз|ау|алло|please|pls|plz|жив\w+|реальн\w+|настоящ\w+|real|live|actual)(?!\w)"
)
# A wish in the middle of a long sentence: what follows the person must not make him part of something else.
_WISH_ENDS: Final = re.compile(
    r"\W*(?:$|,|чтоб\w*|а не|не |срочно|пожалуйста|уже|please|pls|not |who|asap|now|right|because|about|to )"
)
_SOUNDS_LIKE: Final = {"о": "а"}
_UNSTRESSED: Final = str.maketrans("оеэ", "аии", "ь")


class Asked(Enum):
    """What a message says about people."""

    FOR_ONE = "asks for a person"
    ABOUT_THEM = "asks about operators, not for one"


def asked(folded: str) -> Asked | None:
    """Decide by the first reading that says something: as it stands, in the other layout, out of Latin letters."""
    return next(filter(None, map(_asked, readings(_joined(folded)))), None)


def is_about_others(folded: str) -> bool:
    """Whether the people in a message are nobody who could be called, or are not to be called."""
    joined = _joined(folded)
    wanted = (" " if _NEGATED.search(one) else _OTHERS.sub(" ", one) for one in _SENTENCE.findall(joined))
    left = any(_is_person(word) for one in wanted for word in WORD.findall(one))
    return not left and any(_is_person(part) for word in WORD.findall(joined) for part in (word, *word.split("-")))


def _joined(folded: str) -> str:
    """Write «кем нибудь» in one word and «sm0», whose digit was folded, as it is meant."""
    told = re.sub(r"\b(к\w{1,2}) (нибудь|то)\b", r"\1-\2", folded)
    return re.sub(r"\bжив(ой|ого|ому|ым)(?=[а-я]{6})", r"жив\1 ", re.sub(r"\b(?:sm|some|sum)0\b", "someone", told))


def _asked(folded: str) -> Asked | None:
    """Decide sentence by sentence: a request for a person counts whatever else is said and asked around it."""
    corrected = WORD.sub(lambda match: _corrected(match.group()), folded)
    about = None
    for sentence in _SENTENCE.findall(_OTHERS.sub(" ", _TEAM.sub("agent", _SUPPORT.sub(r"\1agent", corrected)))):
        if _PHRASES.search(sentence):
            return Asked.FOR_ONE
        found = WORD.findall(sentence)
        persons = [word for word in found if _is_person(word)]
        if not persons or _NEGATED.search(sentence):
            continue
        asks = "?" in sentence or TERMS["asking"].search(sentence)
        if asks and TERMS["about"].search(sentence):
            about = Asked.ABOUT_THEM
        elif _requests(sentence, persons):
            return Asked.FOR_ONE
    return about


def _requests(sentence: str, persons: list[str]) -> bool:
    named = {word for word in persons if _is_operator(word)}
    if any(_is_called(sentence, person, named=person in named) for person in persons):
        return True
    if _is_nothing_but_a_person(sentence) or any(_is_wished(sentence, person) for person in persons):
        return True
    parts = sentence.split(",")
    # A part in the middle is an apposition: «your colleague, the operator, was rude».
    return any(_is_bare_request(part, persons, named) for part in {sentence, parts[0], parts[-1]})


def _is_called(sentence: str, person: str, *, named: bool) -> bool:
    if _is_near(sentence, person, "call", gap=_NAMED_GAP if named else _ANYONE_GAP):
        return True
    if _is_near(sentence, person, "call_before", gap=_NAMED_GAP if named else _ANYONE_GAP, before=True):
        return True
    passed_on = _is_near(sentence, person, "pass_on", gap=0, before=True)
    passed_on = passed_on or _is_near(sentence, person, "give", gap=0)
    return passed_on and not _THANKED.search(sentence)


def _is_nothing_but_a_person(sentence: str) -> bool:
    """Whether it is «живого человека, пожалуйста» or «ау, люди»: a call, though it has no verb."""
    found = WORD.findall(sentence)
    somebody = any(word in _BARE_PERSONS or word in _SURE_PERSONS for word in found)
    return somebody and all(_is_request_word(word) for word in found) and _MARKED.search(sentence) is not None


def _is_wished(sentence: str, person: str) -> bool:
    """Whether a long sentence holds a wish for a person, or one to talk to him whose verb has a typo."""
    at = sentence.find(person)
    before, after = sentence[:at], sentence[at + len(person) :]
    talking = _last(_WITH, before)
    if talking and all(map(_is_filler, WORD.findall(before[talking.end() :]))) and _is_talking(talking.group(1)):
        return True
    wish = _last(TERMS["wish"], before)
    if wish is None or not all(_is_filler(word) or _is_person(word) for word in WORD.findall(before[wish.end() :])):
        return False
    return "?" not in sentence and _WISH_ENDS.match(after) is not None


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return max(pattern.finditer(text), key=re.Match.end, default=None)


def _is_talking(word: str) -> bool:
    limits = {verb: 1 if len(verb) < _LONG_WORD else 2 for verb in _TALKING}
    return any(word[0] == verb[0] and distance(word, verb, limit=most) <= most for verb, most in limits.items())


def _is_bare_request(part: str, persons: list[str], named: set[str]) -> bool:
    found = WORD.findall(part)
    there = [word for word in found if word in persons]
    if "?" not in part and named.intersection(there) and all(_is_request_word(word) for word in found):
        return True
    return len(found) <= _SHORT_REQUEST_WORDS and any(_is_near(part, word, "wish", gap=_WISH_GAP) for word in there)


@cache
def _speller(*, russian: bool) -> Speller:
    words = re.split(r"[\s,]+", TABLES["spelling"]["words"].strip())
    return Speller.fit([word for word in words if _is_russian(word) is russian], inflected=russian)


def _is_russian(word: str) -> bool:
    return "а" <= word[0] <= "я"


@cache
def _by_sound() -> dict[str, str]:
    """Return the known Russian words by how they sound: «пазавите» is «позовите»."""
    return {_sound(word): word for word in sorted(_speller(russian=True).words)}


@lru_cache(maxsize=20_000)
def _corrected(word: str) -> str:
    if len(word) > _LONGEST_WORD:
        return word
    known = _speller(russian=_is_russian(word)).correct(word)
    return _by_sound().get(_sound(word), word) if known == word else known


def _sound(word: str) -> str:
    return re.sub(r"(.)\1", r"\1", word.translate(_UNSTRESSED))


def _is_request_word(word: str) -> bool:
    names = ("call", "call_before", "give", "wish", "request_filler")
    return _is_person(word) or any(TERMS[name].fullmatch(word) for name in names)


def _is_filler(word: str) -> bool:
    return TERMS["request_filler"].fullmatch(word) is not None


def _is_near(folded: str, person: str, verb: str, *, gap: int, before: bool = False) -> bool:
    """Whether such a verb stands near: «get me the book that a person wrote» is no request.

    ``before``: it has to stand before the person, for «do agents get a discount?» is none either.
    """
    start = folded.find(person)
    for found in TERMS[verb].finditer(folded):
        if found.end() > start and before:
            continue
        between = folded[found.end() : start] if found.end() <= start else folded[start + len(person) : found.start()]
        counted = [word for word in WORD.findall(between) if not _is_filler(word) and not _is_person(word)]
        if len(counted) <= gap and not re.search(r"[.!?;]", between):
            return True
    return False


@cache
def _is_person(word: str) -> bool:
    return TERMS["person"].fullmatch(word) is not None or _is_operator(word)


@cache
def _is_operator(word: str) -> bool:
    """Whether the word is a job that people ask for, in any form, with a typo or two if it is long."""
    if word in _SURE_PERSONS:
        return True
    limit = 1 if len(word) <= _LONG_WORD else 2
    return any(
        word[:1] in {person[0], _SOUNDS_LIKE.get(person[0])}
        and min(distance(form, person, limit=limit) for form in (word, word[: len(person)])) <= limit
        for person in _PERSONS
    )
