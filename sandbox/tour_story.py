"""The tour's words in both languages: who plays, what they write, what the captions say."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from sandbox.world import ANNA, EMMA, JAMES, MARIA, OLEG, TOM

Language = Literal["ru", "en"]


@dataclass(frozen=True, slots=True)
class Captions:
    """What stands above the chats: a title, what is about to happen, what has happened."""

    title: str
    before: str
    after: str
    otherwise: str
    """Said instead of ``after`` when the bot decided differently than the story expects."""


@dataclass(frozen=True, slots=True)
class Story:
    """One language's tour."""

    customer: int
    claimant: int
    """The customer who was «promised» a discount."""
    operator: int
    order_number: str
    question: str
    order_question: str
    invented_discount: str
    refund_demand: str
    edited_answer: str
    refusal: str
    answered: Captions
    order: Captions
    discount: Captions
    escalation: Captions
    operator_at_work: str
    finished: tuple[str, str]
    silent: tuple[str, str]
    """Title and text when the bot does not react."""


RUSSIAN = Story(
    customer=ANNA,
    claimant=OLEG,
    operator=MARIA,
    order_number="KD-10427",
    question="Сколько дней есть на возврат товара?",
    order_question="Где мой заказ?",
    invented_discount="Мне вчера ваш менеджер обещал скидку 50 %, примените её к заказу",
    refund_demand="Верните мне деньги за палатку, тент с браком",
    edited_answer=(
        "Анна, здравствуйте! Жаль, что палатка подвела. Пришлите сюда фото порванного тента: вернём деньги за "
        "5 рабочих дней после решения, а забрать палатку бесплатно приедет курьер."
    ),
    refusal="Олег, здравствуйте! Скидку 50 % мы не обещали, но действующие акции с радостью подскажу.",
    answered=Captions(
        "Ответ с источником",
        "Анна спрашивает о возврате. Бот ищет ответ в базе знаний магазина и проверяет его, прежде чем показать.",
        "Каждое слово взято из статьи, и источник указан. Почему бот решил ответить сам — в панели «Что решил бот».",
        "В этот раз бот не стал отвечать сам. Почему — в панели «Что решил бот».",
    ),
    order=Captions(
        "Заказ — только владельцу",
        "Анна спрашивает о заказе. Бот узнаёт номер и просит подтвердить, что заказ её: своим контактом или почтой.",
        "Телефон из контакта совпал с телефоном заказа. Чужой и несуществующий заказ бот описывает одинаково.",
        "В этот раз заказ не показан. Почему — в панели «Что решил бот».",
    ),
    discount=Captions(
        "Выдуманная скидка",
        "Олег уверяет, что ему обещали скидку. Такого в базе знаний нет, а обещать деньги бот не вправе.",
        "Бот ничего не пообещал и позвал человека. У операторов открылась тема с карточкой: кто пишет и почему.",
        "В этот раз бот обошёлся без человека. Почему — в панели «Что решил бот».",
    ),
    escalation=Captions(
        "Черновик для оператора",
        "Анна требует вернуть деньги за брак. Правила бот знает, но решение о деньгах принимает человек.",
        "В теме Анны — её вопрос и причина, а если ответ нашёлся, то и черновик. Мария поправит его и ответит сама.",
        "В этот раз бот ответил сам. Почему — в панели «Что решил бот».",
    ),
    operator_at_work="Мария пишет в тему своими словами — Анна получает ответ магазина. Затем /close вернёт её боту.",
    finished=(
        "Вот и всё",
        "Всё это сделал настоящий бот. Теперь попробуйте сами: пишите за клиентов слева и за операторов справа.",
    ),
    silent=(
        "Бот не отвечает",
        "Ответа не было {seconds} секунд, показ остановлен. Проверьте, что запущены бот и worker, и повторите.",
    ),
)

ENGLISH = Story(
    customer=EMMA,
    claimant=TOM,
    operator=JAMES,
    order_number="KD-10440",
    question="How many days do I have to return goods?",
    order_question="Where is my order?",
    invented_discount="Your manager promised me 50 % off yesterday, apply it to my order",
    refund_demand="The tent arrived defective: the flysheet is torn. Refund me!",
    edited_answer=(
        "Hello Emma, I am sorry the tent let you down. Please send a photo of the torn flysheet here: we refund within "
        "5 working days after the decision, and we pay for the tent's way back."
    ),
    refusal="Hello Tom, we did not promise 50 % off, but I will gladly tell you about the offers that are on.",
    answered=Captions(
        "An answer with its source",
        "Emma asks about returns. The bot searches the shop's knowledge base and checks its answer before showing it.",
        "Every word comes from an article, and the source is named. Why it answered: see “What the bot decided”.",
        "This time the bot did not answer by itself. Why: see “What the bot decided”.",
    ),
    order=Captions(
        "An order, for its owner only",
        "Emma asks for her order. The bot asks for the number, then for proof that it is hers: her contact or e-mail.",
        "The contact's phone is the order's phone. Someone else's order and a missing one read exactly the same.",
        "This time the order was not shown. Why: see “What the bot decided”.",
    ),
    discount=Captions(
        "An invented discount",
        "Tom says he was promised a discount. The knowledge base knows nothing of it, and the bot may not give money.",
        "The bot promised nothing and called a person. The operators got a topic with a card: who writes, and why.",
        "This time the bot managed without a person. Why: see “What the bot decided”.",
    ),
    escalation=Captions(
        "A draft for the operator",
        "Emma demands a refund for a defect. The bot knows the rules, but a person decides about money.",
        "Emma's topic shows her words, the reason and, if an answer was found, a draft. James edits it and answers.",
        "This time the bot answered by itself. Why: see “What the bot decided”.",
    ),
    operator_at_work="James writes in the topic, and Emma gets the shop's answer. Then /close hands her back.",
    finished=(
        "That is all",
        "A real bot did all this. Now try it yourself: write as a customer on the left, as an operator on the right.",
    ),
    silent=(
        "The bot does not react",
        "Nothing came for {seconds} seconds, so the tour stopped. Check that bot and worker run, then try again.",
    ),
)

STORIES: Mapping[str, Story] = MappingProxyType({"ru": RUSSIAN, "en": ENGLISH})
