import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select

from knowledge.current import CurrentKnowledge
from knowledge.releases import ReleaseStore
from support.deliveries import Delivery, DeliveryRepository, DeliveryState, Priority
from support.desk import Collected, ForOperator
from support.desk_file import DeskFile, Rule
from support.escalations import EscalationReason, EscalationRepository
from support.jobs import CheckName, FailedCheck, FailureReason
from support.order_desk import OrderDesk
from support.orders.lookup import AskNumber, AskProof, Found, OrderLookup
from support.orders.memory import MemoryOrders
from support.orders.models import Order
from support.outcomes import (
    Answered,
    Clarify,
    Escalated,
    Generating,
    Greeted,
    Ignored,
    MediaNotUnderstood,
    OutOfScope,
    Stopped,
)
from support.tables import AnswerRow, EscalationRow, TurnRow
from support.turns import TurnRepository, TurnState, Words

QUESTION = "Сколько дней есть на возврат товара?"
LATER = timedelta(minutes=1)


@pytest.fixture
def say(desk, session, now):
    """Take in messages of a customer and close their turn; numbers of messages go up by themselves."""
    numbers = iter(range(1, 1000))

    async def say(customer, *texts, kind="text", at=now):
        for text in texts:
            received = await desk.receive(session, customer, Words(next(numbers), kind, text), at)
        assert isinstance(received, Collected)
        return await desk.close(session, received.turn_id, received.closes_at)

    return say


async def turn_of(session, outcome):
    return await session.get_one(TurnRow, outcome.job.turn_id)


async def test_a_question_becomes_a_job_with_its_passages(session, say, anna, now):
    outcome = await say(anna, QUESTION)

    assert isinstance(outcome, Generating)
    assert outcome.job.question == QUESTION
    assert outcome.job.language == "ru"
    assert any("30" in passage.text for passage in outcome.job.passages)
    assert (await turn_of(session, outcome)).state == TurnState.GENERATING


async def test_a_stopped_turn_ends_and_its_job_is_withdrawn(session, say, anna, desk, now, make_result):
    outcome = await say(anna, QUESTION)

    stopped = await desk.stop(session, anna, outcome.job.turn_id, now)

    assert stopped == Stopped((outcome.job.job_id,))
    assert (await turn_of(session, outcome)).state == TurnState.STOPPED
    assert await desk.settle(session, make_result(outcome.job), now) == Ignored()
    assert await desk.stop(session, anna, outcome.job.turn_id, now) == Ignored()


async def test_nobody_stops_the_turn_of_somebody_else(session, say, anna, add_customer, desk, now):
    outcome = await say(anna, QUESTION)

    assert await desk.stop(session, await add_customer(102), outcome.job.turn_id, now) == Ignored()
    assert (await turn_of(session, outcome)).state == TurnState.GENERATING


async def test_a_person_who_takes_over_withdraws_the_job_that_was_under_way(session, say, anna, desk, now):
    outcome = await say(anna, QUESTION)

    taken = await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now)

    assert taken.cancelled == (outcome.job.job_id,)


async def test_what_the_bot_has_not_yet_said_is_taken_back_when_a_person_writes(session, anna, desk, now):
    deliveries = DeliveryRepository(session)
    for key in ("turn:1:1:Answered", "escalation:1:told"):
        payload = {"chat_id": anna.chat_id, "text": key}
        call = Delivery(
            key=key,
            method="SendMessage",
            payload=payload,
            priority=Priority.ANSWER,
            chat_id=anna.chat_id,
            customer_id=anna.id,
        )
        await deliveries.add(call, now)

    await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now)

    assert [row.key for row in await deliveries.open_after(0)] == ["escalation:1:told"]


async def test_a_question_whose_answer_is_taken_back_is_left_to_the_person(session, say, anna, desk, now, make_result):
    deliveries = DeliveryRepository(session)

    async def answer(question, at):
        job = (await say(anna, question, at=at)).job
        await desk.settle(session, make_result(job), at + timedelta(seconds=5))
        key = f"turn:{job.turn_id}:1:Answered"
        call = Delivery(
            key=key,
            method="SendMessage",
            payload={"chat_id": anna.chat_id, "text": "ответ"},
            priority=Priority.ANSWER,
            chat_id=anna.chat_id,
            customer_id=anna.id,
            turn_id=job.turn_id,
        )
        await deliveries.add(call, at)
        return job.turn_id, await deliveries.by_key(key)

    _, shown = await answer(QUESTION, now)
    await deliveries.finish(shown.id, 0, DeliveryState.DELIVERED, now)
    unsaid, _ = await answer("Как оплатить заказ картой?", now + LATER)

    taken = await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now + 2 * LATER)

    assert taken.turn_ids == (unsaid,)
    turn = await session.get_one(TurnRow, unsaid)
    assert (turn.state, turn.outcome) == (TurnState.ESCALATED, EscalationReason.OPERATOR_WROTE)


async def test_a_ban_ends_what_is_open(session, say, anna, desk, now):
    outcome = await say(anna, QUESTION)

    await desk.ban(session, anna, 9001, now, banned=True)

    assert anna.banned_at == now
    assert (await turn_of(session, outcome)).state == TurnState.SUPERSEDED
    await desk.ban(session, anna, 9001, now, banned=False)
    assert anna.banned_at is None


async def test_the_deadline_runs_from_the_turns_close(session, say, anna, desk):
    outcome = await say(anna, QUESTION)

    turn = await turn_of(session, outcome)
    assert turn.deadline_at == turn.closed_at + desk.deadline
    assert outcome.job.deadline == turn.deadline_at.timestamp()


async def test_a_turn_is_not_closed_before_its_time_nor_twice(desk, session, anna, now):
    received = await desk.receive(session, anna, Words(1, "text", QUESTION), now)

    assert await desk.close(session, received.turn_id, now) == Ignored()
    assert isinstance(await desk.close(session, received.turn_id, received.closes_at), Generating)
    assert await desk.close(session, received.turn_id, received.closes_at) == Ignored()


async def test_a_good_draft_is_answered_with_its_source(desk, session, say, anna, now, make_result):
    job = (await say(anna, QUESTION)).job

    outcome = await desk.settle(session, make_result(job), now)

    assert isinstance(outcome, Answered)
    assert outcome.sources[0].heading == job.passages[0].heading
    assert (await session.scalars(select(AnswerRow))).one().turn_id == job.turn_id


async def test_a_result_that_comes_twice_is_answered_once(desk, session, say, anna, now, make_result):
    result = make_result((await say(anna, QUESTION)).job)
    await desk.settle(session, result, now)

    assert await desk.settle(session, result, now) == Ignored()
    assert len((await session.scalars(select(AnswerRow))).all()) == 1


async def test_the_late_result_of_a_superseded_question_is_ignored(desk, session, say, anna, now, make_result):
    first = (await say(anna, QUESTION)).job
    second = (await say(anna, "И кто платит за обратную пересылку?", at=now + LATER)).job

    assert second.turn_id == first.turn_id
    assert second.epoch == first.epoch + 1
    assert QUESTION in second.question
    assert await desk.settle(session, make_result(first), now) == Ignored()
    assert isinstance(await desk.settle(session, make_result(second), now), Answered)


async def test_a_result_for_a_turn_that_does_not_exist_is_ignored(desk, session, say, anna, now, make_result):
    result = make_result((await say(anna, QUESTION)).job).model_copy(update={"turn_id": 999})

    assert await desk.settle(session, result, now) == Ignored()


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        ({"score": 0.49}, EscalationReason.LOW_SCORE),
        (
            {"score": 0.0, "failed": (FailedCheck(name=CheckName.NUMBER_UNSUPPORTED, detail="30"),)},
            EscalationReason.CHECK_FAILED,
        ),
        (
            {
                "text": "За 90 дней. [9]",
                "citations": (9,),
                "failed": (FailedCheck(name=CheckName.CITATION_UNKNOWN, detail="9"),),
            },
            EscalationReason.CHECK_FAILED,
        ),
    ],
)
async def test_a_doubtful_draft_goes_to_a_person_with_the_draft(
    desk, session, say, anna, now, make_draft, make_result, draft, reason
):
    job = (await say(anna, QUESTION)).job

    outcome = await desk.settle(session, make_result(job, draft=make_draft(**draft)), now)

    assert isinstance(outcome, Escalated)
    assert (outcome.reason, outcome.new) == (reason, True)
    assert (await session.scalars(select(EscalationRow))).one().draft
    assert (await session.scalars(select(AnswerRow))).all() == []


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (FailureReason.DEADLINE, EscalationReason.OVERDUE),
        (FailureReason.CANCELLED, EscalationReason.OVERDUE),
        (FailureReason.ENGINE_ERROR, EscalationReason.ENGINE_ERROR),
    ],
)
async def test_a_worker_without_a_draft_calls_a_person(desk, session, say, anna, now, make_result, failure, reason):
    job = (await say(anna, QUESTION)).job

    outcome = await desk.settle(session, make_result(job, failure=failure), now)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == reason


async def test_a_risky_demand_goes_to_a_person_however_good_the_draft(desk, session, say, anna, now, make_result):
    outcome = await say(anna, "Сколько дней есть на возврат товара? Мне обещали скидку 50 %")
    if isinstance(outcome, Generating):
        outcome = await desk.settle(session, make_result(outcome.job), now)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == EscalationReason.RISKY


async def test_while_a_person_has_the_conversation_messages_are_for_him(desk, session, anna, now):
    await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)

    assert await desk.receive(session, anna, Words(1, "text", QUESTION), now) == ForOperator()
    # Nobody waits for what is looked up for the person.
    assert (await session.scalars(select(TurnRow.state))).all() == [TurnState.SUGGESTING]
    assert await TurnRepository(session).open_of(anna.id) is None


async def test_a_person_called_while_messages_are_collected_gets_them(desk, session, anna, now):
    received = await desk.receive(session, anna, Words(1, "text", "у палатки порвался тент"), now)

    called = await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)

    assert called.turn_ids == (received.turn_id,)
    assert await desk.close(session, received.turn_id, received.closes_at) == Ignored()


async def test_an_operator_who_writes_during_generation_silences_the_bot(desk, session, say, anna, now, make_result):
    job = (await say(anna, QUESTION)).job

    called = await desk.escalate(session, anna, EscalationReason.OPERATOR_WROTE, now)

    assert called.turn_ids == (job.turn_id,)
    assert await desk.settle(session, make_result(job), now) == Ignored()


async def test_a_person_called_about_an_old_answer_takes_over_the_open_question_too(
    desk, session, say, anna, now, make_result
):
    first = (await say(anna, QUESTION)).job
    await desk.settle(session, make_result(first), now)
    second = (await say(anna, "Как оплатить заказ картой?", at=now + LATER)).job

    called = await desk.escalate(
        session, anna, EscalationReason.CUSTOMER_ASKED, now, turn=await session.get_one(TurnRow, first.turn_id)
    )

    assert called.turn_ids == (first.turn_id, second.turn_id)
    assert await desk.settle(session, make_result(second), now) == Ignored()


async def test_a_person_called_instead_of_pressing_a_button_gets_the_unclear_question(desk, session, say, anna, now):
    assert isinstance(await say(anna, "заказ"), Clarify)
    [turn] = (await session.scalars(select(TurnRow))).all()

    called = await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)

    assert called.turn_ids == (turn.id,)
    assert await desk.choose(session, turn.id, "order_status", now) == Ignored()


async def test_an_unclear_message_is_asked_about_and_the_second_one_goes_to_a_person(say, anna, now):
    first = await say(anna, "заказ")
    second = await say(anna, "заказ", at=now + LATER)

    assert isinstance(first, Clarify)
    assert len(first.options) == 2
    assert isinstance(second, Escalated)
    assert second.reason == EscalationReason.UNCLEAR


async def test_a_rule_of_the_desk_file_calls_a_person_before_anything_is_answered(desk, session, anna, now):
    rules = (
        Rule(name="Press", words=("журналист",), urgent=True, subject="press"),
        Rule(name="Thrice", repeated_question=3),
        Rule(name="Orders by hand", intents=("order_status",)),
    )
    shop = dataclasses.replace(desk, file=DeskFile(rule=rules))
    numbers = iter(range(1, 100))

    async def say(text, *, minutes=0):
        at = now + timedelta(minutes=minutes)
        received = await shop.receive(session, anna, Words(next(numbers), "text", text), at)
        outcome = await shop.close(session, received.turn_id, received.closes_at)
        if not isinstance(outcome, Escalated):
            await shop.stop(session, anna, received.turn_id, at)
            return outcome
        row = await session.get_one(EscalationRow, outcome.escalation_id)
        turn = await session.get_one(TurnRow, received.turn_id)
        await EscalationRepository(session).close(anna.id, 900, at)
        return outcome.reason, row.rule, row.priority, row.subject, turn.trace.get("rule")

    assert await say("Позовите оператора для журналистов") == (EscalationReason.RULE, "Press", 1, "press", "Press")
    assert await say("Где мой заказ?", minutes=1) == (
        EscalationReason.RULE,
        "Orders by hand",
        0,
        None,
        "Orders by hand",
    )
    assert isinstance(await say(QUESTION, minutes=2), Generating)
    assert isinstance(await say(QUESTION, minutes=3), Generating)
    assert (await say(QUESTION, minutes=4))[1] == "Thrice"
    assert isinstance(await say(QUESTION, minutes=70), Generating), "an hour later it is asked for the first time"


async def test_a_rule_holds_for_an_intent_chosen_by_button_too(desk, session, anna, now):
    shop = dataclasses.replace(desk, file=DeskFile(rule=(Rule(name="r", intents=("order_status",)),)))
    received = await shop.receive(session, anna, Words(1, "text", "мяу"), now)
    assert isinstance(await shop.close(session, received.turn_id, received.closes_at), Clarify)

    assert (await shop.choose(session, received.turn_id, "order_status", now + LATER)).reason == EscalationReason.RULE


async def test_a_chosen_intent_is_followed_once(desk, session, say, anna, now):
    await say(anna, "заказ")
    [turn] = (await session.scalars(select(TurnRow))).all()

    assert await desk.choose(session, turn.id, "no_such_intent", now) == Ignored()
    assert await desk.choose(session, turn.id, "order_status", now) == AskNumber()
    assert await desk.choose(session, turn.id, "order_status", now) == Ignored()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("привет", Greeted("hello")),
        ("thank you!", Greeted("thanks")),
        ("what's the weather in Paris tomorrow?", OutOfScope()),
        ("где мой заказ?", AskNumber()),
        ("where is order KD-10427?", AskProof("KD-10427")),
    ],
)
async def test_what_needs_no_generation_is_answered_at_once(say, anna, text, outcome):
    assert await say(anna, text) == outcome


@pytest.mark.parametrize("kind", ["voice", "photo", "sticker", "other"])
async def test_a_message_without_words_is_named_by_its_kind(say, anna, kind):
    assert await say(anna, "", kind=kind) == MediaNotUnderstood(kind)


async def test_words_beside_a_photo_are_what_counts(say, anna):
    assert isinstance(await say(anna, QUESTION, kind="photo"), Generating)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("позовите оператора", EscalationReason.CUSTOMER_ASKED),
        ("Ваш сервис ужасен, я возмущена и буду жаловаться!", EscalationReason.COMPLAINT),
        ("Есть ли у вас страховка для альпинистов на Эверест?", EscalationReason.NO_ANSWER),
    ],
)
async def test_a_person_is_called_for_what_the_bot_must_not_do(say, anna, text, reason):
    outcome = await say(anna, text)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == reason


async def test_an_order_is_shown_to_whom_has_shared_his_own_contact(desk, session, anna, now):
    order = Order(number="KD-10427", status="shipped", phone="+79161234501")
    shop = dataclasses.replace(desk, orders=OrderDesk(OrderLookup(MemoryOrders([order]))))

    assert await shop.order(session, anna, "KD-10427", now) == AskProof("KD-10427")
    assert isinstance(await shop.own_contact(session, anna, "+7 916 123-45-01", now), Found)
    assert isinstance(await shop.order(session, anna, "KD-10427", now + LATER), Found)


async def test_orders_that_cannot_be_reached_call_a_person(desk, session, anna, now):
    shop = dataclasses.replace(desk, orders=OrderDesk(OrderLookup(MemoryOrders(failing=True))))

    outcome = await shop.order(session, anna, "KD-10427, anna@example.com", now)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == EscalationReason.NO_ORDERS


async def test_an_order_dialogue_left_half_an_hour_ago_is_forgotten(desk, session, anna, now):
    assert await desk.order(session, anna, "KD-10427", now) == AskProof("KD-10427")

    assert await desk.own_contact(session, anna, "+79161234501", now + timedelta(minutes=31)) is None


async def test_a_question_in_the_middle_of_an_order_dialogue_is_answered(say, anna, now):
    assert await say(anna, "где мой заказ?") == AskNumber()

    assert isinstance(await say(anna, QUESTION, at=now + LATER), Generating)


async def test_the_language_follows_what_the_customer_writes_unless_he_chose_one(say, anna, now):
    assert (await say(anna, "Within how many days can I return an item?")).job.language == "en"
    anna.language_chosen = True
    assert (await say(anna, "И кто платит за пересылку товара?", at=now + LATER)).job.language == "en"


async def test_without_a_release_a_question_goes_to_a_person(desk, session, anna, now, tmp_path):
    bare = dataclasses.replace(desk, knowledge=CurrentKnowledge(ReleaseStore(tmp_path / "none")))
    received = await bare.receive(session, anna, Words(1, "text", QUESTION), now)

    outcome = await bare.close(session, received.turn_id, received.closes_at)

    assert isinstance(outcome, Escalated)
    assert outcome.reason == EscalationReason.NO_KNOWLEDGE


async def test_after_a_close_the_bot_answers_again(desk, session, say, anna, now):
    await desk.escalate(session, anna, EscalationReason.CUSTOMER_ASKED, now)
    await EscalationRepository(session).close(anna.id, 9001, now)

    assert isinstance(await say(anna, QUESTION), Generating)


@pytest.fixture
def ask(desk, session, say, anna, make_result, now):
    """Ask a question and answer it; return its job."""

    async def ask(text, at=now):
        outcome = await say(anna, text, at=at)
        assert isinstance(outcome, Generating)
        assert isinstance(await desk.settle(session, make_result(outcome.job), at + timedelta(seconds=5)), Answered)
        return outcome.job

    return ask


async def test_a_follow_up_is_searched_with_what_the_last_question_was_about(session, say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")

    outcome = await say(anna, "А в Казань?", at=now + LATER)

    assert outcome.job.parts == ("Сколько стоит доставка в Казань?",)
    assert outcome.job.question == "А в Казань?"
    assert outcome.job.passages[0].source == "ru/delivery-russia.md"
    turn = await turn_of(session, outcome)
    assert turn.text == "А в Казань?"
    assert turn.trace["search"]["followup"]["topic"] == "Сколько стоит доставка в Москву?"


async def test_what_a_turn_may_search_for_is_known_before_it_is_decided(desk, session, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")
    received = await desk.receive(session, anna, Words(900, "text", "А в Казань?"), now + LATER)

    ahead = await desk.search.ahead(session, received.turn_id, now + LATER, None)
    rehearsed = ahead.rehearse(desk.knowledge.get())

    assert ahead.questions == ("А в Казань?", "Сколько стоит доставка в Казань?")
    outcome = await desk.close(session, received.turn_id, received.closes_at)
    assert set(outcome.job.parts) <= set(ahead.questions)
    assert outcome.job.parts == tuple(part.text for part in rehearsed)


async def test_a_follow_up_of_a_follow_up_keeps_the_subject(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")
    await ask("А в Казань?", at=now + LATER)

    outcome = await say(anna, "и сколько это займёт дней?", at=now + 2 * LATER)

    assert outcome.job.parts == ("Сколько стоит доставка в Казань — сколько это займёт дней?",)


async def test_thanks_between_do_not_end_the_subject(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")
    assert isinstance(await say(anna, "Спасибо!", at=now + LATER), Greeted)

    assert (await say(anna, "А в Казань?", at=now + 2 * LATER)).job.parts == ("Сколько стоит доставка в Казань?",)


async def test_after_half_an_hour_and_after_a_look_at_an_order_nothing_is_continued(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")
    late = await say(anna, "А в Казань?", at=now + timedelta(minutes=31))
    assert not isinstance(late, Generating) or late.job.parts == ("А в Казань?",)

    await ask("Как вернуть товар?", at=now + timedelta(minutes=50))
    assert isinstance(await say(anna, "Где мой заказ?", at=now + timedelta(minutes=51)), AskNumber)
    after = await say(anna, "а сколько обычно это стоит вообще?", at=now + timedelta(minutes=52))
    assert not isinstance(after, Generating) or "вернуть" not in after.job.parts[0]


async def test_a_follow_up_that_finds_nothing_even_completed_goes_the_way_of_any_question(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")

    outcome = await say(anna, "А на Луну?", at=now + LATER)

    assert not isinstance(outcome, Generating)


async def test_a_complete_question_is_searched_as_it_stands_whatever_was_asked_before(say, ask, anna, now):
    await ask("Сколько стоит доставка в Москву?")

    assert (await say(anna, QUESTION, at=now + LATER)).job.parts == (QUESTION,)
