"""Telegram's own faults: limits, errors and silences before and after the effect, a revoked token, a second poller."""

import asyncio

import aiohttp
import pytest

from sandbox.world import ANNA, DEMO_TOKEN, EMMA, OLEG, OPERATORS_CHAT_ID, TOM

pytestmark = pytest.mark.e2e

QUESTION = "Сколько дней есть на возврат товара?"
BEFORE = {
    "Ошибка 502": {"error_code": 502},
    "Ошибка 504": {"error_code": 504, "html": True},
    "Обрыв": {"kind": "reset"},
    "Мусор": {"kind": "garbage"},
    "Тишина": {"kind": "hang", "hang_s": 1},
}
AFTER = {
    "Ошибка 502": {"kind": "error_after", "error_code": 502},
    "Ошибка 504": {"kind": "error_after", "error_code": 504, "html": True},
    "Обрыв": {"kind": "reset_after"},
    "Мусор": {"kind": "garbage_after"},
    "Тишина": {"kind": "hang_after", "hang_s": 1},
}


@pytest.mark.parametrize(("faults", "most"), [(BEFORE, 1), (AFTER, 2)], ids=["before", "after"])
async def test_a_broken_call_loses_no_answer_and_shows_at_most_one_twin(scene, faults, most):
    customers = {name: (await scene.people.user(name, language_code="ru"))["id"] for name in faults}
    for name, customer in customers.items():
        await scene.people.fault("sendMessage", chat_id=customer, **faults[name])
        await scene.people.say(customer, QUESTION)
    await scene.people.say(ANNA, QUESTION)

    await scene.product.answer(ANNA, "Источник", timeout_s=30)
    await scene.rest()

    seen = {name: len(await scene.read_by(customer, "Источник")) for name, customer in customers.items()}
    assert all(1 <= count <= most for count in seen.values()), seen
    assert len(await scene.read_by(ANNA)) == 1


async def test_an_operators_words_keep_their_order_and_none_is_lost_untold(scene):
    thread = await scene.conversation()
    await scene.people.seed(7)
    for kind in ("error", "error_after"):
        await scene.people.fault("sendMessage", 502, kind=kind, times=None, probability=0.3, chat_id=ANNA)
    words = [f"Слово {number}" for number in range(10, 18)]
    sent = {word: await scene.operator_says(thread, word) for word in words}

    await scene.rest(90)

    read = await scene.read_by(ANNA, "Слово")
    assert list(dict.fromkeys(read)) == [word for word in words if word in read]
    assert all(read.count(word) <= 2 for word in words)
    notes = [
        one for one in await scene.people.messages(OPERATORS_CHAT_ID, thread) if "доставлено" in one.get("text", "")
    ]
    told = {note["reply_to_message"]["message_id"] for note in notes}
    missing = {sent[word]["message_id"] for word in words if word not in read}
    assert missing <= told
    assert len(read) > len(words) / 2


async def test_an_answer_that_never_gets_through_calls_a_person(scene):
    # Both attempts of the answer; what follows from their failure gets through.
    await scene.people.fault("sendMessage", 502, times=2, chat_id=ANNA)
    await scene.people.say(ANNA, QUESTION)

    card = await scene.product.in_group("Почему", timeout_s=30)

    assert "не дошёл" in card["text"]
    assert QUESTION in card["text"]
    await scene.product.answer(ANNA, "похоже, не дошёл")


@pytest.mark.parametrize(
    ("code", "description", "note"),
    [
        (400, "Bad Request: something new", "Не доставлено: Bad Request: something new"),
        (403, "Forbidden: bot was blocked by the user", "клиент заблокировал бота"),
    ],
)
async def test_an_operator_whose_words_are_refused_is_told_why(scene, code, description, note):
    thread = await scene.conversation()
    await scene.people.fault("sendMessage", code, description, chat_id=ANNA)

    said = await scene.operator_says(thread, "Посылка уже в пути")

    told = await scene.product.in_group("Не доставлено", timeout_s=30)
    assert note in told["text"]
    assert told["reply_to_message"]["message_id"] == said["message_id"]
    assert await scene.read_by(ANNA, "Посылка") == []


async def test_a_429_of_one_second_delays_the_answer_and_nothing_else(scene):
    await scene.people.fault("sendMessage", retry_after=1, chat_id=ANNA)
    await scene.people.say(ANNA, QUESTION)

    await scene.product.answer(ANNA, "Источник", timeout_s=30)
    await scene.rest()

    refused, accepted = await scene.calls(ANNA, "sendMessage")
    assert (refused["error_code"], accepted["ok"]) == (429, True)
    assert accepted["at"] - refused["at"] >= 1


async def test_a_429_of_3000_s_stops_one_chat_through_a_restart_and_the_operator_is_told(scene):
    thread = await scene.conversation()
    await scene.people.fault("sendMessage", retry_after=3000, chat_id=ANNA)
    said = await scene.operator_says(thread, "Здравствуйте, Анна")

    note = await scene.product.in_group("⏳", timeout_s=30)
    assert "50 мин" in note["text"]
    assert note["reply_to_message"]["message_id"] == said["message_id"]
    refused = await scene.last_call()
    await scene.people.say(EMMA, "Within how many days can I return an item?")
    await scene.product.answer(EMMA, "Source", timeout_s=30)
    await scene.product.stop_bot()
    await scene.product.start_bot()
    await scene.operator_says(thread, "Вы ещё здесь?")
    await scene.people.say(ANNA, "Я жду")
    await scene.people.say(OLEG, QUESTION)

    await scene.product.answer(OLEG, "Источник", timeout_s=30)
    await scene.product.in_group("Я жду")

    assert await scene.calls(ANNA, after=refused) == []


async def test_a_429_of_3000_s_for_a_preview_is_remembered_through_a_restart(stage, own_redis):
    async with stage(redis_url=own_redis.url) as scene:  # nobody works: the preview is shown
        await scene.people.fault(["sendMessageDraft", "sendChatAction"], retry_after=3000, times=None, chat_id=ANNA)
        await scene.people.say(ANNA, QUESTION)
        await scene.people.wait_for(
            lambda event: event["type"] == "call" and event.get("fault") == "error", timeout_s=30
        )
        await asyncio.sleep(0.5)
        refused = await scene.last_call()
        await scene.product.stop_bot()
        await scene.product.start_bot()

        await asyncio.sleep(2.5)

        assert await scene.calls(ANNA, after=refused) == []


async def test_a_429_of_3000_s_for_the_group_holds_up_no_customer_not_even_through_a_restart(scene):
    await scene.people.fault("*", retry_after=3000, chat_id=OPERATORS_CHAT_ID)
    await scene.people.say(ANNA, "/operator")
    await scene.product.answer(ANNA, "Зову оператора", timeout_s=30)
    await scene.people.wait_for(lambda event: event["type"] == "call" and event.get("fault") == "error", timeout_s=30)
    await asyncio.sleep(0.5)
    refused = await scene.last_call()
    await scene.product.stop_bot()
    await scene.product.start_bot()
    await scene.people.say(OLEG, QUESTION)

    await scene.product.answer(OLEG, "Источник", timeout_s=30)

    assert await scene.calls(OPERATORS_CHAT_ID, after=refused) == []


async def test_a_429_for_the_probe_before_a_repetition_is_obeyed_too(scene):
    await scene.people.fault("getMe", retry_after=3000)
    await scene.people.fault("sendMessage", 502, times=1, chat_id=ANNA)
    await scene.people.fault("sendMessage", 502, times=1, chat_id=OLEG)
    await scene.people.say(ANNA, QUESTION)
    await scene.people.say(OLEG, QUESTION)

    await scene.product.answer(ANNA, "Источник", timeout_s=30)
    await scene.product.answer(OLEG, "Источник", timeout_s=30)


async def test_calls_that_hang_for_30_s_hold_up_nobody_else(scene):
    await scene.people.fault("sendMessage", kind="hang_after", chat_id=ANNA)
    await scene.people.fault("sendMessage", kind="hang", chat_id=OLEG)
    for customer in (ANNA, OLEG):
        await scene.people.say(customer, QUESTION)
    await scene.people.wait_for(lambda event: event["type"] == "message" and "Источник" in str(event), timeout_s=30)

    await scene.people.say(TOM, "Within how many days can I return an item?")
    await scene.product.answer(TOM, "Source")
    assert await scene.read_by(OLEG) == []

    await scene.product.answer(OLEG, "Источник", timeout_s=40)
    await scene.rest()
    assert len(await scene.read_by(OLEG)) == 1
    assert 1 <= len(await scene.read_by(ANNA)) <= 2


async def test_a_revoked_token_ends_the_process_and_nothing_is_lost_under_the_next_one(scene):
    thread = await scene.conversation()
    await scene.people.say(EMMA, "Within how many days can I return an item?")
    await scene.people.revoke_token()
    await scene.operator_says(thread, "Ответ оператора")

    assert await asyncio.wait_for(asyncio.shield(scene.product.bot), 30) == 2

    await scene.people.revoke_token(revoked=False)
    await scene.product.start_bot()
    await scene.product.answer(ANNA, "Ответ оператора", timeout_s=30)
    await scene.product.answer(EMMA, "Source", timeout_s=30)
    await scene.rest()
    assert len(await scene.read_by(ANNA, "Ответ оператора")) == 1
    assert len(await scene.read_by(EMMA)) == 1


async def test_a_second_poller_with_the_same_token_loses_no_question_and_makes_none_twice(scene):
    address = f"{scene.product.server.url}/bot{DEMO_TOKEN}/getUpdates"

    async def poll():
        async with aiohttp.ClientSession() as client:
            while True:
                async with client.post(address, json={"timeout": 5}) as answer:
                    await answer.read()
                await asyncio.sleep(0.1)

    stranger = asyncio.create_task(poll())
    await asyncio.sleep(0.5)
    for customer in (ANNA, OLEG):
        await scene.people.say(customer, QUESTION)
    await asyncio.sleep(3)
    stranger.cancel()
    await asyncio.gather(stranger, return_exceptions=True)

    for customer in (ANNA, OLEG):
        await scene.product.answer(customer, "Источник", timeout_s=30)
    await scene.rest()

    assert [call for call in await scene.calls(None, "getUpdates") if call["error_code"] == 409] != []
    for customer in (ANNA, OLEG):
        assert len(await scene.read_by(customer)) == 1
