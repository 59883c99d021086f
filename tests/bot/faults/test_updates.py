"""Updates that come twice, mixed up, late, misshapen or not at all for a while."""

import pytest

from sandbox.world import ANNA, EMMA, OLEG

pytestmark = pytest.mark.e2e

QUESTION = "Сколько дней есть на возврат товара?"


async def test_duplicated_updates_are_handled_once(scene):
    thread = await scene.conversation()
    await scene.people.update_faults(duplicate=6)
    await scene.people.say(OLEG, QUESTION)
    for text in ("Первое", "Второе"):
        await scene.people.say(ANNA, text)
        await scene.operator_says(thread, f"Ответ: {text}")

    await scene.product.answer(OLEG, "Источник", timeout_s=30)
    await scene.rest()

    assert len(await scene.read_by(OLEG)) == 1
    assert await scene.read_by(ANNA, "Ответ") == ["Ответ: Первое", "Ответ: Второе"]
    assert [text for text in await scene.read_in_topic(thread) if text in {"Первое", "Второе"}] == ["Первое", "Второе"]


async def test_updates_that_come_mixed_up_are_passed_on_in_order_and_once(scene):
    thread = await scene.conversation()
    words = [f"Слово {number}" for number in range(6)]
    await scene.people.update_faults(reorder=6)
    for word in words:
        await scene.people.say(ANNA, word)

    await scene.product.in_group(words[-1], timeout_s=30)
    await scene.rest()

    assert await scene.read_in_topic(thread, "Слово") == words


async def test_a_question_in_mixed_up_pieces_gets_one_answer(scene):
    await scene.people.update_faults(reorder=3)
    for text in ("Здравствуйте", "подскажите пожалуйста,", "сколько дней на возврат товара?"):
        await scene.people.say(ANNA, text)

    await scene.product.answer(ANNA, "Источник", timeout_s=30)
    await scene.rest()

    assert len(await scene.read_by(ANNA)) == 1


@pytest.mark.parametrize("next_id", [5, 2_000_000_000], ids=["lower", "higher"])
async def test_a_numbering_that_begins_anew_loses_nothing(scene, next_id):
    await scene.people.say(ANNA, QUESTION)
    await scene.product.answer(ANNA, "Источник", timeout_s=30)
    await scene.people.restart_updates(next_id)

    await scene.people.say(OLEG, QUESTION)

    await scene.product.answer(OLEG, "Источник", timeout_s=30)
    await scene.rest()
    assert len(await scene.read_by(OLEG)) == 1


async def test_updates_of_unknown_kinds_and_shapes_hold_up_nobody(scene):
    for kind, body in (
        ("message", {"message_id": "no number"}),
        ("story_of_tomorrow", {"chat": {"id": ANNA}}),
        (None, None),
    ):
        await scene.people.put_update(kind, body)

    await scene.people.say(ANNA, QUESTION)

    await scene.product.answer(ANNA, "Источник", timeout_s=30)


async def test_a_poll_that_fails_in_every_way_loses_no_question_and_asks_none_twice(scene):
    for fault in (
        {"error_code": 504, "html": True},
        {"kind": "reset_after"},
        {"kind": "garbage_after"},
        {"kind": "hang_after", "hang_s": 1},
        {"retry_after": 1},
    ):
        await scene.people.fault("getUpdates", **fault)
    await scene.people.say(ANNA, QUESTION)
    await scene.people.say(EMMA, "Within how many days can I return an item?")

    await scene.product.answer(ANNA, "Источник", timeout_s=90)
    await scene.product.answer(EMMA, "Source", timeout_s=60)
    await scene.rest()

    assert await scene.people.faults() == []
    assert len(await scene.read_by(ANNA)) == 1
    assert len(await scene.read_by(EMMA)) == 1
