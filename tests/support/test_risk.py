"""Demands go to a person; questions about the rules are answered. Wordings of our own."""

import pytest

from support import risk
from support.risk import Risk

DEMANDS = [
    "Верните мне деньги за палатку",
    "верните уплаченную сумму немедленно!",
    "Верните, пожалуйста, 3 400 рублей",
    "возместите стоимость доставки",
    "компенсируйте мне разницу в цене",
    "Сделайте мне скидку, я давний клиент",
    "дайте скидку 20% на следующий заказ",
    "примените скидку, которую вчера обещали",
    "начислите мне бонусы за испорченный вечер",
    "оформите мне возврат денег сегодня же",
    "Ваш оператор обещал бесплатную доставку",
    "мне пообещали компенсацию, где она",
    "скидку 50 процентов мне обещал менеджер по телефону",
    "требую компенсацию за моральный ущерб",
    "Хочу неустойку за каждый день просрочки",
    "требую вернуть деньги",
    "хочу вернуть свои деньги, немедленно переведите их на карту",
    "Refund me right now",
    "I want my money back",
    "I demand a full refund",
    "I need a refund today",
    "give me a discount or I am leaving",
    "Compensate me for the delay",
    "please apply the 30% discount you offered",
    "Your colleague promised me free shipping",
    "I was promised a refund last week",
    "honour the promise about the discount",
    "you must refund me the delivery fee",
]

LEGAL = [
    "Подам на вас в суд",
    "я подам в суд, если не ответите",
    "решим это через суд",
    "завтра напишу в Роспотребнадзор",
    "ждите досудебную претензию",
    "пишу претензию на ваш магазин",
    "обращусь в прокуратуру",
    "my lawyer will contact you",
    "I will sue you",
    "see you in small claims court",
    "I'll start a chargeback",
    "I'm reporting you to Trading Standards",
]

RULES = [
    "Как вернуть деньги за товар?",
    "когда вернутся деньги на карту?",
    "Сколько дней есть на возврат?",
    "Можно ли получить скидку за самовывоз?",
    "какие скидки есть для постоянных клиентов",
    "Есть ли скидка на первый заказ?",
    "Как применить промокод?",
    "где посмотреть, сколько у меня бонусов",
    "за что начисляются бонусы?",
    "Возмещаете ли вы стоимость обратной пересылки?",
    "что делать, если товар пришёл с браком",
    "Как оформить возврат через пункт выдачи?",
    "кто оплачивает возврат?",
    "Какая компенсация положена за опоздание курьера?",
    "Бесплатная ли доставка от 5000 рублей?",
    "хочу вернуть товар, что нужно сделать?",
    "Можно ли обменять куртку на другой размер",
    "How do I get a refund?",
    "When will my refund arrive?",
    "What discounts do you have?",
    "Is there a discount for students?",
    "How can I apply a promo code?",
    "Do you refund delivery costs?",
    "I want to return a jacket, what do I do?",
    "Who pays for return shipping?",
    "Is delivery free over 50 pounds?",
    "Can I get my money back if the tent does not fit?",
    "How long does a refund take to reach my card?",
    "What happens if the promised delivery date is missed?",
    "Как происходит возврат денег при отмене заказа?",
    "Does the warranty cover a broken zipper?",
    "судя по фото, палатка большая?",
    "Do I have to pay for a lost parcel?",
]


@pytest.mark.parametrize("text", DEMANDS)
def test_a_demand_about_money_is_risky(text):
    assert risk.find(text) is Risk.MONEY


@pytest.mark.parametrize("text", LEGAL)
def test_a_legal_threat_is_risky(text):
    assert risk.find(text) is Risk.LEGAL


@pytest.mark.parametrize("text", RULES)
def test_a_question_about_the_rules_is_not_risky(text):
    assert risk.find(text) is None
