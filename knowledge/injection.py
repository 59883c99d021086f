"""Words that are addressed to a language model rather than to people: in customers' messages and in documents.

Nothing rests on them being found: the bot acts by code alone. What is found is kept out of prompts all the same.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Where = Literal["message", "document"]

_RULES_EN: Final = (
    # "Can I ignore the earlier letter?" asks about the customer's own doing.
    ("override", r"(?<!can i )(?<!should i )(?<!may i )(?<!if i )(?<!to )(?<!please )\b(?:please )?(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|overrid(?:e|ing)|bypass(?:ing)?"
     r"|(?:do not|don'?t|never|stop) (?:follow|obey)(?:ing)?)\b[^.?!]{0,30}?\b(?:previous|prior|preceding|above|earlier|initial|original|system|safety|content|all (?:of )?(?:the |your |other )?(?:rules|instructions)|your)\b"
     r"[^.?!]{0,40}?\b(?:instruct\w*|prompts?|rules|guidelines|directions|commands|programming|training|restrictions|constraints|messages?|polic\w+|filters?|told|said)\b"),
    ("override", r"\b(?:forget|ignore|disregard) (?:everything|all)\b[^.?!]{0,30}\b(?:you|before|above|said|told|learned|learnt)\b"),
    ("override", r"\b(?:new|updated|real|actual|override) (?:system )?(?:instructions?|prompt|directives?)\s*(?::|\bfor you\b)"),
    ("role", r"\b(?:from now on|starting now|henceforth)\b[^.?!]{0,25}\b(?:you|act|answer|respond|reply|behave|pretend|chatgpt)\b"),
    ("role", r"\byou (?:are|'re) (?:(?:now|no longer) (?=an? |the (?!list|owner)|called|named|bound|restricted|limited|acting|playing|free|in (?:\w+ )?mode|dan\b|chatgpt|my |going to|to act|to be)|going to (?:act|be|play|pretend|behave|simulate)\b)"),
    ("role", r"\b(?:act|behave|respond|answer|pretend|roleplay|role-play|simulate)\b[^.?!]{0,60}\b(?:no|without|free (?:of|from)|any) (?:any )?(?:\w+ ){0,2}(?:restrictions?|rules|limits|limitations|filters?|censorship|guidelines|morals?|ethics?|boundaries)\b"),
    ("role", r"\b(?:stay|remain|be|keep) in (?:character|role)\b|\bbreak(?:ing)? (?:of )?character\b|\btake on the (?:role|persona)\b|\bassume the (?:role|identity|persona) of\b"),
    ("role", r"\byou (?:will|must|should|shall|are to|have to|can) (?:now |always |never |only |not )*(?:act|pretend|respond|reply|answer|roleplay|role-play|simulate|be playing|refuse|reject|comply|generate)\b"),
    ("role", r"\b(?:act|behave|respond|pretend) (?:as|like|to be) (?:an? |the |if you)[^.?!]{0,60}\b(?:ai|chatbot|bot|gpt|terminal|console|unfiltered|evil|amoral|assistant|hacker|developer)\b"),
    ("jailbreak", r"\bdo anything now\b|\bjailbr(?:eak|oken)\b(?=[^.?!]{0,40}\b(?:mode|prompt|yourself|you|chatgpt|gpt|enabled)\b)|\b(?:developer|god|dan|stan|debug|admin|chaos|evil|unrestricted|sudo) mode\b(?=[^.?!]{0,40}\b(?:enabled?|on|activated?|now|output|you|with|and)\b)"),
    ("jailbreak", r"\b(?:chatgpt|gpt-?[345]|open ?ai|language model|\bai model)\b[^.?!]{0,60}\b(?:polic\w+|guidelines|restrictions?|must|pretend|will|act|mode|filters?|rules|unable|cannot)\b"),
    ("jailbreak", r"\b(?:unfiltered|uncensored|unrestricted|amoral|unethical|immoral)\b[^.?!]{0,40}\b(?:ai|chatbot|bot|assistant|response|answers?|model|persona)\b"),
    ("jailbreak", r"\b(?:no|without|any) (?:moral|ethical)(?: or (?:moral|ethical|legal))? (?:\w+ )?(?:guidelines|restrictions|limits|limitations|constraints|considerations|qualms|boundaries|code)\b"),
    ("reveal", r"\b(?:system|initial|hidden|original|developer|secret) (?:prompt|instructions?|message)s?\b(?=[^.?!]{0,60}\b(?:reveal|show|print|repeat|output|verbatim|word for word|is|are|was|were|above|say)\b|\s*[?.!:]|$)"),
    ("reveal", r"\b(?:reveal|show|print|repeat|output|display|leak|dump|recite|expose|tell me|give me|share|quote|what (?:is|are|were|was))\b[^.?!]{0,30}\b(?:your|the|its) (?:\w+ ){0,2}(?:prompt|system message|instructions (?:above|you (?:were|got|have|received))|(?:hidden|secret|internal|initial|original|exact|full) (?:instructions|rules|guidelines)|source code|api keys?|env\w* variables?)\b"),
    ("reveal", r"\brepeat\b[^.?!]{0,20}\b(?:everything|all|the words|the text)\b[^.?!]{0,20}\b(?:above|before)\b"),
    ("others", r"\b(?:show|give|tell|list|send|reveal|dump|print|export)\b[^.?!]{0,30}\b(?:other|another|all|every|previous|someone else'?s?|last)(?: of)?(?: the| your)? (?:customers?|clients?|users?|buyers?|people)\b(?:'s|s')?[^.?!]{0,30}\b(?:data|orders?|phones?|address\w*|e-?mails?|messages|cards?|names?|passwords?|details|conversations?)\b"),
)  # fmt: skip
_RULES_RU: Final = (
    ("override", r"\b(?:(?:про)?игнорир(?:уй|уйте|уя)|забудь(?:те)?|отбрось(?:те)?|отмени(?:те)?|обойди(?:те)?|наруш(?:ь|ьте|ай)|сбрось(?:те)?|не (?:следуй|соблюдай|выполняй|слушай|обращай внимания на))\b"
     r"[^.?!]{0,40}?\b(?:предыдущ\w*|прежн\w*|прошл\w*|ранее|выше\w*|исходн\w*|изначальн\w*|начальн\w*|систем\w*|свои\w*|твои\w*|тебе|любы\w*|все|данн\w* тебе)\b[^.?!]{0,40}?\b(?:инструкц\w*|указан\w*|правил\w*|промпт\w*|команд\w*|ограничен\w*|настройк\w*|установк\w*|запрет\w*|подсказк\w*|сообщени\w*|контекст\w*|сказан\w*|говорил\w*|приказ\w*|распоряжен\w*)"),
    ("override", r"\b(?:(?:про)?игнорируй(?:те)?|забудь(?:те)?) (?:обо )?(?:всё|все|всем|всех)\b[^.?!]{0,30}\b(?:что|выше|раньше|до этого|инструкц\w*|правил\w*)"),
    ("override", r"\b(?:новые|обновлённые|обновленные|настоящие) (?:системные )?(?:инструкции|указания|правила)(?: для (?:тебя|бота|ассистента|ии))?\s*:"),
    ("role", r"\b(?:теперь|отныне|с этого момента|с этой минуты|впредь) ты\b|\bты (?:теперь|больше не|отныне)\b(?=[^.?!]{0,50}\b(?:бот|ассистент|помощник|ии|модел\w*|отвечаешь|говоришь|должен|можешь|не ограничен\w*|обязан|хакер\w*|без|dan)\b)"),
    ("role", r"\b(?:притворись|представь,? что ты|веди себя как|действуй как|отвечай как|(?:сы)?играй роль|войди в роль|вообрази,? что ты|изображай|ты играешь роль)\b"),
    ("role", r"\b(?:отвечай|говори|действуй|работай|общайся)(?:те)?\b[^.?!]{0,40}\bбез (?:каких-либо |всяких |любых )?(?:ограничен\w*|цензур\w*|правил|фильтр\w*|запрет\w*|морал\w*)"),
    ("jailbreak", r"\b(?:ты|тебя|перейди|включи|активируй|войди|отвечай|работай)\b[^.?!]{0,30}\bрежим\w* (?:разработчика|бога|отладки|администратора|dan|суперпользователя)\b|\bрежим\w* без (?:ограничений|цензуры)\b|\bджейлбрейк\w*|\bсделай всё что угодно\b"),
    ("reveal", r"\b(?:системн\w+|скрыт\w+|исходн\w+|начальн\w+|секретн\w+) промпт\w*|\b(?:скрыт\w+|секретн\w+|системн\w+) инструкци\w+(?=[^.?!]{0,40}\b(?:тво\w+|ты|тебе|дословно|бот\w*|ассистент\w*)|$)"),
    ("reveal", r"\b(?:покажи|выведи|напечатай|раскрой|повтори|перескажи|скажи|назови|процитируй|пришли|дай|открой|каки?е?|какой|продиктуй|озвучь)(?:те)?\b[^.?!]{0,40}\b(?:тво\w+|сво\w+|ваш\w*) (?:\w+ ){0,2}(?:промпт\w*|инструкци\w+|api.?ключ\w*|исходн\w+ код\w*|внутренн\w+ правил\w*)"),
    ("reveal", r"\b(?:покажи|выведи|напечатай|повтори|перескажи|процитируй|пришли)\b[^.?!]{0,20}\b(?:всё|все|текст|слова|дословно)\b[^.?!]{0,25}\b(?:выше|до этого|перед этим)\b|\bпромпт\w*\b(?=[^.?!]{0,40}\b(?:тво\w+|ваш\w*|дословно|целиком|полностью)\b)"),
    ("others", r"\b(?:покажи|выведи|дай|пришли|назови|перечисли|скажи|сообщи|отправь|выгрузи)(?:те)?\b[^.?!]{0,30}\b(?:други\w+|чуж\w+|всех|друго\w+|предыдущ\w+|последн\w+) (?:ваших )?(?:клиент\w*|покупател\w*|пользовател\w*|люд\w+|человек\w*)"),
    ("others", r"\b(?:данн\w+|адрес\w*|телефон\w*|заказ\w*|переписк\w*|номер\w* карт\w*|почт\w*) (?:всех|других|чужих|другого|предыдущего) (?:ваших )?(?:клиент\w*|покупател\w*|пользовател\w*|человека)"),
)  # fmt: skip
# Only in a document: customers do say «ответьте в письме» and "add it to your reply".
_RULES_DOCUMENT: Final = (
    ("marker", r"(?m)^\s*(?:#+\s*)?\[?(?:system|assistant|developer|систем[аы]|ассистент)\]?\s*:\s*(?=\S*\s*(?:you|ignore|from|always|never|act|reply|respond|tell|say|do|new|override|the (?:user|customer)|ты|вы|игнор|всегда|никогда|теперь|отвечай|скажи|говори|не|новые|клиент|sure|of course|i))"),
    ("marker", r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id)\|>|\[/?inst\]|<</?sys>>|</?(?:passage|system|system_prompt|instructions)>|#{2,}\s*(?:system|instruction)s?\s*:|(?:begin|end) (?:system|hidden) (?:prompt|message|instructions)"),
    ("addressed", r"\b(?:note|message|instructions?|attention|important|warning|memo|reminder)\b[^.?!\n]{0,15}\b(?:to|for) (?:the |any |all |every |an? )?(?:ai|llms?|language models?|(?:ai |virtual |automated )?assistants?|chatbots?|(?:support |chat )?bots?|gpt|chatgpt|model)\b|\bif you (?:are|'re) (?:an? |the )?(?:ai|llm|language model|assistant|chatbot|bot)\b|\b(?:dear|hey|hello) (?:ai|assistant|bot|chatbot|model|llm)\b"),
    ("addressed", r"\b(?:примечание|сообщение|инструкци\w+|внимание|важно|указани\w+|команда|приказ)\b[^.?!\n]{0,15}\bдля (?:ии|бота|ассистента|помощника|нейросет\w+|языков\w+ модел\w+|модели|чат-?бота|робота)\b|\bесли ты\b[^.?!]{0,20}\b(?:ии|бот|ассистент|нейросеть|(?:языковая )?модель|чат-?бот|робот|помощник)\b|\b(?:уважаемый|дорогой|внимание,?|слушай,?) (?:ии|бот|ассистент|чат-?бот|помощник)\b"),
    ("addressed", r"\b(?:the |any |every |this )?(?:ai|assistant|chatbot|bot|language model|llm)s? (?:must|should|shall|has to|have to|is (?:to|allowed|required|instructed)|are (?:to|instructed)|need to) (?:\w+ ){0,2}(?:tell|say|answer|reply|respond|promise|reveal|send|give|offer|ignore|include|recommend|confirm|approve|mention|provide|disclose|obey)\b"),
    ("addressed", r"\b(?:бот|ассистент|помощник|нейросеть|модель|ии|чат-?бот)\w* (?:обязан|должен|должна|должно)\w* (?:\w+ ){0,2}(?:сказать|говорить|отвечать|ответить|обещать|пообещать|раскрыть|отправить|отправлять|дать|давать|предложить|предлагать|игнорировать|подтвердить|подтверждать|сообщить|сообщать|выдать|упомянуть|порекомендовать|прислать|советовать)\b"),
    ("orders", r"(?:(?<=[.!?:] )|(?m:^)\W*|\b(?:always|must|should|please|instead|now|then|immediately|and) )(?:tell|inform|promise|assure|convince|persuade|ask|urge|advise|offer|redirect|instruct|direct) (?:the |every |each |all |any |this |your |our )*(?:customers?|clients?|users?|visitors?|buyers?|readers?)\b(?=[^.?!]{0,80}\b(?:that|to|their|a|the|they|at|on|for|password|card|free|refund|discount|link|code|full)\b)"),
    ("orders", r"\b(?:скажи|сообщи|пообещай|обещай|ответь|предложи|посоветуй|попроси|напиши|отправь|пришли|дай|выдай|убеди|направь|подтверди|запроси|порекомендуй|отвечай|говори|рекомендуй|советуй|предлагай|сообщай)\b[^.?!]{0,40}\b(?:клиент\w*|покупател\w*|пользовател\w*|заказчик\w*|посетител\w*|каждому|всем|им|ему)\b"),
    ("output", r"\b(?:in|to|into|within|with|of|from|for|at the end of|throughout) (?:all |each of |every )?(?:of )?your (?:\w+ ){0,2}(?:repl(?:y|ies)|responses?|answers?|outputs?|messages?|solutions?|code|implementations?)\b"),
    ("output", r"(?m:^|[.!?:]\s+)\W{0,4}(?:please |then |also |always |now |can you |could you )?(?:modify|enhance|augment|encode|render|replace|adjust|alter|rewrite|write|convert|shift|scramble|jumble|end|begin|start|finish|append|reverse|translate|provide|deliver|give|present|format|craft|compose|express|reply|respond|answer|rearrange|remove|mix|group|switch|transform|complement|finalize|incorporate|insert|include|embed|integrate|add|use|apply|change|swap|flip|turn|make|state|suggest|mention|highlight|promote|hint|jumble|utili[sz]e|leverage|absorb|fuse|meld|weave|blend|capitali[sz]e|encipher|encrypt|consider|optimally integrate|elevate|conceal|hide|mask|obfuscate|spell|misspell|introduce|substitute|invert|shuffle|strip|eliminate|omit)\b[^.?!\n]{0,60}\b(?:your|the) (?:\w+ ){0,2}(?:repl(?:y|ies)|responses?|answers?|outputs?|message|solution|implementation)\b"),
    ("output", r"(?m:^|[.!?:]\s+)\W{0,4}(?:please |always |now )?(?:reply|respond|answer|write|speak)\b[^.?!\n]{0,12}\b(?:using|in|with|only|as|exclusively|backwards?|like)\b[^.?!\n]{0,30}\b(?:base ?\d+|cipher|code|emojis?|reverse|backwards?|morse|pig latin|rot13|hex|binary|anagrams?|portuguese|french|german|spanish|chinese|latin|rhymes?|capitals?|caps|json)\b"),
    ("output", r"\b(?:code (?:snippet|block|excerpt|segment|fragment|sample|sequence)|(?:following|below|subsequent|provided|ensuing) (?:\w+ )?(?:code|snippet))\b[^.?!\n]{0,60}\b(?:your|the) (?:\w+ )?(?:code|solution|implementation|program|codebase|script|development|coding|answer|response)\b|\b(?:your|the) (?:\w+ )?(?:code|solution|implementation|program|codebase|script|coding)\b[^.?!\n]{0,60}\b(?:(?:following|below|subsequent|provided|ensuing|given) (?:\w+ )?(?:code|snippet)|code (?:snippet|block|excerpt|segment|fragment))\b"),
    ("output", r"\b(?:в|к|во) (?:каждый |каждом |конец |конце |начале |начало )?(?:свой|своём|своем|своему|твой|твоём|твоем|твоему|свои|своих|своего|твоего|каждого) (?:ответ\w*|сообщени\w*|реплик\w*)\b|\b(?:отвечай|пиши|говори|завершай|начинай|заканчивай)\b[^.?!]{0,30}\b(?:только|всегда|каждый|ответ\w*|на все|на любой)\b"),
    ("secrets", r"\b(?:ask|request|collect|demand|get|obtain)\b[^.?!]{0,40}\b(?:customers?|clients?|users?|them|their)\b[^.?!]{0,40}\b(?:passwords?|card (?:number|details)|cvv|pin|sms code|bank details)\b|\b(?:запроси|попроси|выясни|узнай|собери|потребуй)\b[^.?!]{0,50}\b(?:парол\w*|cvv|cvc|пин-?код\w*|код\w* из (?:смс|sms)|номер\w* карт\w*|данны\w* карт\w*)"),
)  # fmt: skip
_BOTH: Final = tuple((kind, re.compile(pattern)) for kind, pattern in (*_RULES_EN, *_RULES_RU))
_DOCUMENT: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _RULES_DOCUMENT)
# A rule is tried only where one of its kind's words stands: most text is passed over by a few looks.
_HINTS: Final[dict[str, tuple[str, ...]]] = {
    "override": (
        *("ignor", "disregard", "forget", "overrid", "bypass", "follow", "obey", "instruct", "prompt", "directive"),
        *("игнорир", "забудь", "отбрось", "отмени", "обойди", "наруш", "сбрось", "не следуй", "не соблюдай"),
        *("не выполняй", "не слушай", "не обращай", "новые", "обновл", "настоящие"),
    ),
    "role": (
        *("from now on", "starting now", "henceforth", "you are", "you're", "you will", "you must", "you should"),
        *("you shall", "you have to", "you can", "pretend", "behave", "act ", "respond", "roleplay", "role-play"),
        *("simulate", "answer", "character", "persona", "identity", "in role", "role of", "ты ", "представь", "притворись"),
        *("веди себя", "действуй", "отвечай", "роль", "вообрази", "изображай", "говори", "работай", "общайся"),
    ),
    "jailbreak": (
        *("anything now", "jailbr", " mode", "gpt", "openai", "open ai", "language model", "ai model", "filtered"),
        *("censored", "restricted", "moral", "ethical", "режим", "джейлбрейк", "что угодно"),
    ),
    "reveal": ("prompt", "instruct", "system message", "rules", "guideline", "source code", "api", "env", "repeat", "message")
    + ("промпт", "инструкц", "ключ", "код", "правил", "выше", "до этого", "перед этим"),
    "others": ("customer", "client", "user", "buyer", "people", "клиент", "покупател", "пользовател", "люд", "человек"),
    "marker": ("system", "assistant", "developer", "систем", "ассистент", "<|", "inst]", "<", "##"),
    "addressed": ("ai", "llm", "model", "assistant", "bot", "gpt", "ии", "бот", "ассистент", "помощник", "модел", "нейросет"),
    "orders": ("customer", "client", "user", "visitor", "buyer", "reader", "клиент", "покупател", "пользовател", "заказчик")
    + ("посетител", "каждому", "всем", " им", "ему"),
    "output": ("your", "answer", "repl", "respon", "output", "write", "speak", "code", "snippet", "message", "solution")
    + ("ответ", "сообщени", "реплик", "отвечай", "пиши", "говори", "завершай", "начинай", "заканчивай"),
    "secrets": ("password", "card", "cvv", "pin", "code", "bank", "парол", "cvc", "код", "карт"),
}
# Letters that nobody sees: zero width, directions, and Unicode's tags, which spell ASCII (U+E0000 block).
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u00ad]")
# Letters that only look another way: 𝗶𝗴𝗻𝗼𝗿𝗲, ｉｇｎｏｒｅ, ⓘⓖⓝⓞⓡⓔ.
_DISGUISED: Final = re.compile("[\u2100-\u214f\u24b6-\u24e9\uff01-\uff5e\U0001d400-\U0001d7ff]")
_TAGS: Final = re.compile("[\U000e0020-\U000e007f]{4,}")
_SPACES: Final = re.compile(r"[^\S\n]")
_START: Final = re.compile(r"(?:[.!?…]+[»\")\]]*\s+|\n\s*)(?=\S)")
MOST_CHARACTERS: Final = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """Words to a model, and where they begin."""

    kind: str
    """override, role, jailbreak, reveal, others; in documents also marker, addressed, orders, output, secrets, hidden."""
    start: int
    """Index of the first character of the sentence, in the text as given."""


def find(text: str, where: Where = "message") -> Finding | None:
    """Return the first words that a rule takes for an instruction to a model, None when there are none."""
    text = text[:MOST_CHARACTERS] if where == "message" else text
    if where == "document" and (hidden := _TAGS.search(text)):
        return Finding("hidden", _sentence_start(text, hidden.start()))
    folded, places = _folded(text)
    first = min(_hits(folded, where), default=None)
    if first is None:
        return None
    return Finding(first[1], _sentence_start(text, places[first[0]] if places else first[0]))


def cut(text: str) -> tuple[str, Finding | None]:
    """Return a document's text up to the sentence that is addressed to a model, and what that is.

    Nothing after it is kept either: what such a sentence announces need not look like anything.
    """
    found = find(text, "document")
    return (text, None) if found is None else (text[: found.start].rstrip(), found)


def _hits(folded: str, where: Where) -> Iterator[tuple[int, str]]:
    worth_a_try = {kind for kind, hints in _HINTS.items() if any(hint in folded for hint in hints)}
    for kind, pattern in (*_BOTH, *_DOCUMENT) if where == "document" else _BOTH:
        if kind in worth_a_try and (match := pattern.search(folded)):
            yield match.start(), kind


def _folded(text: str) -> tuple[str, list[int] | None]:
    """Return the text as rules read it, and where each character stood; None when all stand where they stood."""
    if not _UNSEEN.search(text) and not _DISGUISED.search(text):
        lower = text.lower()
        if len(lower) == len(text):
            return _SPACES.sub(" ", lower.replace("’", "'")), None
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if _UNSEEN.match(letter):
            continue
        plain = unicodedata.normalize("NFKC", letter).lower().replace("’", "'")
        letters.append(plain)
        places.extend([place] * len(plain))
    return _SPACES.sub(" ", "".join(letters)), [*places, len(text)]


def _sentence_start(text: str, place: int) -> int:
    start = 0
    for match in _START.finditer(text):
        if match.end() > place:
            break
        start = match.end()
    return start
