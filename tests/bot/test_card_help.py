"""What a card says besides who waits: precise reasons, what was tried, orders, summary."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.card import card
from bot.card_help import help_of, summarise
from bot.guess import in_words
from bot.texts import Texts
from sandbox.world import ANNA
from support import proven
from support.board import State
from support.customers import CustomerRepository
from support.escalations import EscalationReason, EscalationRepository
from support.jobs import CheckName, Doubt, DoubtName, Draft, FailedCheck, GenerationResult, Verdict
from support.tables import AnswerRow, TurnRow
from support.turns import TurnRepository, Words

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
TEXTS = Texts("ru")
QUESTION = "Сколько дней хранится заказ в пункте выдачи?"


@pytest.fixture
async def session(database):
    async with database.writing() as session:
        yield session


@pytest.fixture
async def anna(session):
    return await CustomerRepository(session).by_chat(ANNA)


@pytest.fixture
def ask(session, anna, desk):
    """Ask, have a worker write a draft, and settle it."""
    numbers = iter(range(1, 100))

    async def ask(text, *, at=NOW, score=0.9, failed=(), doubts=(), citations=(1,)):
        collected = await desk.receive(session, anna, Words(next(numbers), "text", text), at)
        outcome = await desk.close(session, collected.turn_id, collected.closes_at)
        draft = Draft(
            text="Семь дней. [1] Продлить можно. [2]",
            citations=citations,
            verdict=Verdict(score=score, failed=failed, doubts=doubts),
            engine="fake",
            model="",
            prompt_version="1",
        )
        job = outcome.job
        result = GenerationResult(turn_id=job.turn_id, epoch=job.epoch, attempt=1, draft=draft)
        return await desk.settle(session, result, collected.closes_at)

    return ask


@pytest.fixture
def drawn(session, anna):
    async def draw():
        escalation = await EscalationRepository(session).open_of(anna.id)
        turn_ids = (escalation.turn_id,) if escalation.turn_id else ()
        escalation.summary = await summarise(TEXTS, session, escalation, turn_ids)
        helps = await help_of(TEXTS, session, anna, escalation)
        made = card(TEXTS, anna, escalation, State.FRESH, help_=helps)
        return made.text.render()[0], [one.text for row in made.markup.inline_keyboard for one in row]

    return draw


async def test_a_failed_check_is_named_with_what_exactly_failed(ask, drawn):
    failed = (
        FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail="5 000"),
        FailedCheck(name=CheckName.PROMISE_UNSUPPORTED, detail="gift: подар"),
    )
    await ask(QUESTION, failed=failed, score=0, citations=(1, 2))
    text, buttons = await drawn()
    reason = "Почему: число 5 000 не подтверждено источником; в черновике обещание, которого нет в источнике"
    assert reason in text
    assert "Бот пробовал: написал черновик, он не прошёл проверку\n" in text
    assert "Источники: 1) " in text
    assert buttons[:3] == ["✉️ Отправить", "✏️ Править", "✖️ Отклонить"]
    assert buttons[3:5] == ["⛔ Источник 1 неверный", "⛔ Источник 2 неверный"]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_doubt_has_words(language):
    told = [Texts(language)(f"doubt-{one.replace('_', '-')}", detail="x") for one in DoubtName]
    assert len(set(told)) == len(DoubtName)
    assert not any(one.startswith("doubt-") for one in told)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_way_of_understanding_has_words_and_tells_how_sure_it_was(language):
    told = {}
    for source in ("rule", "model", "language_model", "button"):
        intent = {"name": "complaint", "source": source, "confidence": 0.834}
        told[source] = in_words(Texts(language), TurnRow(trace={"intent": intent}), {"complaint": "Жалоба"})
    assert len(set(told.values())) == 4
    assert all("Жалоба" in words for words in told.values())
    assert [source for source, words in told.items() if "83" in words] == ["model", "language_model"]
    assert in_words(Texts(language), TurnRow(trace={}), {}) == ""


async def test_a_low_score_says_what_took_most_from_it(ask, drawn):
    await ask(QUESTION, score=0.41, doubts=(Doubt(name=DoubtName.NUMBER, detail="9"),))
    text, _ = await drawn()
    assert "оценка 41 из 100, а нужно 50; в источнике нет числа 9" in text


async def test_a_low_score_is_told_in_figures_and_what_was_said_before_in_a_line(session, ask, drawn):
    await ask("Сколько стоит доставка курьером?", at=NOW - timedelta(hours=1))
    await ask(QUESTION, score=0.41)
    text, _ = await drawn()
    assert "Почему: бот не уверен в ответе: оценка 41 из 100, а нужно 50" in text
    assert "Бот пробовал: написал черновик, оценка ниже порога" in text
    assert "Кратко: «Сколько стоит доставка курьером?» — бот ответил: Семь дней." in text


async def test_what_is_not_in_the_knowledge_base_is_told_with_the_nearest_heading(session, anna, desk, drawn):
    collected = await desk.receive(session, anna, Words(1, "text", "Есть ли у вас велосипеды для детей?"), NOW)
    await desk.close(session, collected.turn_id, collected.closes_at)
    escalation = await EscalationRepository(session).open_of(anna.id)
    if escalation is None:
        await desk.escalate(session, anna, EscalationReason.NO_ANSWER, NOW + timedelta(seconds=3))
    text, buttons = await drawn()
    assert "ответа не нашёл (ближе всего «" in text
    assert buttons == [TEXTS("button-misread"), TEXTS("button-take")]


async def test_proven_orders_are_masked_and_an_answer_that_was_seen_is_no_draft(session, anna, ask, desk, drawn):
    proven.remember(anna, "KD-10001", NOW - timedelta(days=2))
    proven.remember(anna, "KD-10427", NOW)
    answered = await ask(QUESTION)
    answer = await session.get(AnswerRow, answered.answer_id)
    locked = await TurnRepository(session).lock(answer.turn_id)
    await desk.escalate(
        session, anna, EscalationReason.CUSTOMER_ASKED, NOW + timedelta(minutes=1), turn=locked[0], draft=answer.text
    )
    text, buttons = await drawn()
    assert "Заказы, которые клиент подтвердил: •••427\n" in text
    assert "KD-" not in text
    assert "Бот ответил:\nСемь дней." in text
    assert "Черновик" not in text
    assert "✉️ Отправить" not in buttons
