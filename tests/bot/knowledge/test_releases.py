"""Releases in an administrator's hands, over HTTP: buttons, confirmations, restarts."""

from datetime import UTC, datetime, timedelta

import pytest

from knowledge.address_book import AddressBook
from sandbox.world import ANNA, JAMES, MARIA, OPERATORS_CHAT_ID
from tests.bot.knowledge.administrator import BUILT_S, DRONES, audits, edited, labels, toast

pytestmark = pytest.mark.e2e


async def test_the_state_offers_what_can_be_done(product):
    await product.people.say(MARIA, "/kb")

    state = await product.answer(MARIA)

    assert "по выпуску 2" in state["text"]
    assert "Кто собрал: Мария" in state["text"]
    assert labels(state) == ["🔄 Собрать заново", "📋 Что изменилось", "↩️ Вернуть выпуск 1"]


async def test_the_difference_names_the_articles(product):
    await product.people.say(MARIA, "/kb")
    await product.people.press(await product.answer(MARIA), "📋 Что изменилось")

    text = (await product.answer(MARIA, "Что изменилось"))["text"]

    assert "с выпуска 1 к выпуску 2" in text
    assert "ru/extra.md" in text


async def test_a_build_of_unchanged_articles_says_so_and_makes_no_release(product, store):
    await product.people.say(MARIA, "/kb reload")

    assert "ничего не изменилось" in (await product.answer(MARIA, "Со времени", timeout_s=BUILT_S))["text"]
    assert store.numbers() == [1, 2]


async def test_two_reloads_during_a_build_both_get_their_end_and_build_once_more(product, store, sources):
    (sources / "ru" / "drones.md").write_text(DRONES, encoding="utf-8")
    for _ in range(3):
        await product.people.say(MARIA, "/kb reload")

    ends = [await product.answer(MARIA, "ыпуск", timeout_s=BUILT_S) for _ in range(3)]

    assert ["Выпуск 3 готов" in end["text"] for end in ends] == [True, False, False]
    assert all("ничего не изменилось" in end["text"] for end in ends[1:])
    assert store.numbers() == [1, 2, 3]


async def test_files_that_cannot_be_read_are_named_behind_a_button(product, sources):
    (sources / "ru" / "broken.md").write_bytes(b"")
    (sources / "ru" / "drones.md").write_text(DRONES, encoding="utf-8")
    await product.people.say(MARIA, "/kb reload")
    assert "ru/broken.md" in (await product.answer(MARIA, "Выпуск 3 готов", timeout_s=BUILT_S))["text"]
    await product.people.say(MARIA, "/kb")

    await product.people.press(
        await product.answer(MARIA, "Не прочитано или требует внимания: 1"), "⚠️ Замечания к файлам (1)"
    )

    assert "ru/broken.md" in (await product.answer(MARIA, "требует внимания"))["text"]


async def test_a_new_address_waits_for_the_administrators_button(product, store, sources):
    (sources / "ru" / "drones.md").write_text(DRONES + "\nЗвоните по +7 999 000-17-17.\n", encoding="utf-8")
    await product.people.say(MARIA, "/kb reload")
    done = await product.answer(MARIA, "Выпуск 3 готов", timeout_s=BUILT_S)
    assert "79990001717 (ru/drones.md)" in done["text"]
    book = AddressBook(store.root)
    assert book.withheld(["+7 999 000-17-17"])

    await product.people.press(done, "📇 Новые адреса (1)")
    await product.people.press(await product.answer(MARIA, "Пока вы это не подтвердили"), "✅ 79990001717")

    assert labels(await edited(product, "решение принято")) == []
    assert not book.withheld(["+7 999 000-17-17"])
    assert await audits(product, "kb_address") == [("kb_address", MARIA, {"address": "79990001717", "shown": True})]


# Rollback


@pytest.mark.every_database
async def test_a_rollback_asks_first_says_what_goes_and_can_be_taken_back(product, store):
    await product.people.say(MARIA, "/kb rollback")
    asked = await product.answer(MARIA, "Перейти")
    assert "с выпуска 2 на выпуск 1" in asked["text"]
    assert "ru/extra.md" in asked["text"]
    assert store.current() == 2

    await product.people.press(asked, "Да, перейти на выпуск 1")

    done = await edited(product, "Отвечаю по выпуску 1")
    assert store.current() == 1
    await product.people.press(done, "↪️ Обратно к выпуску 2")
    await product.people.press(await product.answer(MARIA, "Перейти"), "Да, перейти на выпуск 2")
    await edited(product, "Отвечаю по выпуску 2")
    assert store.current() == 2
    assert await audits(product, "kb_rollback", "kb_forward") == [
        ("kb_rollback", MARIA, {"from": 2, "to": 1}),
        ("kb_forward", MARIA, {"from": 1, "to": 2}),
    ]


async def test_a_cancelled_rollback_changes_nothing(product, store):
    await product.people.say(MARIA, "/kb rollback")

    await product.people.press(await product.answer(MARIA, "Перейти"), "Отмена")

    assert labels(await edited(product, "Отменено")) == []
    assert store.current() == 2


async def test_only_an_administrator_may_press(product, store):
    await product.people.say(MARIA, "/kb rollback", chat_id=OPERATORS_CHAT_ID)
    asked = await product.in_group("Перейти")

    press = await product.people.press(asked, "Да, перейти на выпуск 1", user_id=JAMES)

    assert "для администраторов" in await toast(product, press)
    assert store.current() == 2
    await product.people.press(asked, "Да, перейти на выпуск 1", user_id=MARIA)
    await edited(product, "Отвечаю по выпуску 1")
    assert store.current() == 1


async def test_an_old_question_is_not_answered_any_more(run_product, sources, store):
    ahead = timedelta()
    async with run_product(knowledge_dir=sources, now=lambda: datetime.now(UTC) + ahead) as product:
        await product.people.say(MARIA, "/kb rollback")
        asked = await product.answer(MARIA, "Перейти")
        ahead = timedelta(minutes=11)

        await product.people.press(asked, "Да, перейти на выпуск 1")

        assert labels(await edited(product, "устарел")) == []
        assert store.current() == 2


async def test_a_question_from_before_another_switch_does_nothing(product, store):
    await product.people.say(MARIA, "/kb rollback")
    asked = await product.answer(MARIA, "Перейти")
    store.rollback(1)

    await product.people.press(asked, "Да, перейти на выпуск 1")

    await edited(product, "уже сменили")
    assert await audits(product, "kb_rollback") == []


async def test_the_button_still_works_after_a_restart_of_the_bot(product, store):
    await product.people.say(MARIA, "/kb rollback")
    asked = await product.answer(MARIA, "Перейти")
    await product.stop_bot()
    await product.start_bot()

    await product.people.press(asked, "Да, перейти на выпуск 1")

    await edited(product, "Отвечаю по выпуску 1")
    assert store.current() == 1


async def test_what_was_rolled_back_is_not_answered_any_more(product, store):
    await product.people.say(ANNA, "Сколько стоит подарочная упаковка?")
    assert "99" in (await product.answer(ANNA))["text"]
    await product.people.say(MARIA, "/kb rollback")
    await product.people.press(await product.answer(MARIA, "Перейти"), "Да, перейти на выпуск 1")
    await edited(product, "Отвечаю по выпуску 1")

    await product.people.say(ANNA, "Так сколько стоит подарочная упаковка?")

    assert "99" not in (await product.answer(ANNA))["text"]


# The gate


async def test_a_release_that_loses_half_of_the_articles_waits_for_the_administrator(product, store, sources):
    for path in [*sources.rglob("*.md")][1:]:
        path.unlink()
    await product.people.say(MARIA, "/kb reload")
    held = await product.answer(MARIA, "не включён", timeout_s=BUILT_S)
    assert "из 9" in held["text"]
    assert store.current() == 2

    await product.people.press(held, "Включить выпуск 3 всё равно")

    await product.answer(MARIA, "Выпуск 3 включён")
    assert store.current() == 3
    assert store.info(3).held == ()
    assert [(action, actor) for action, actor, _ in await audits(product, "kb_force")] == [("kb_force", MARIA)]
