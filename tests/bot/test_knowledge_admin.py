"""Releases in an administrator's hands, over HTTP: buttons, confirmations, files, restarts."""

import base64
import io
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from knowledge.address_book import AddressBook
from knowledge.releases import Order, ReleaseStore
from sandbox.world import ANNA, JAMES, MARIA, OPERATORS_CHAT_ID
from support.tables import AuditRow

pytestmark = pytest.mark.e2e

SOURCES = Path(__file__).parents[1] / "knowledge" / "shop"
DRONES = "# Доставка дроном\n\nДроны доставляют посылки по воскресеньям, полёт стоит 77 рублей.\n"
BUILT_S = 40


@pytest.fixture(scope="session")
def two_releases(tmp_path_factory):
    """Release 1 of a small shop, and release 2 with one article more."""
    root = tmp_path_factory.mktemp("two")
    sources = Path(shutil.copytree(SOURCES, root / "sources"))
    ReleaseStore(root / "releases").build(sources)
    (sources / "ru" / "extra.md").write_text("# Подарки\n\nПодарочная упаковка стоит 99 рублей.\n", encoding="utf-8")
    ReleaseStore(root / "releases").build(sources, order=Order(built_by="Мария", reason="test"))
    return root


@pytest.fixture
def sources(two_releases, tmp_path):
    shutil.copytree(two_releases / "releases", tmp_path / "data" / "releases")
    return Path(shutil.copytree(two_releases / "sources", tmp_path / "sources"))


@pytest.fixture
async def product(run_product, sources):
    async with run_product(knowledge_dir=sources) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    return ReleaseStore(tmp_path / "data" / "releases")


def labels(message):
    return [button["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


async def send_file(product, name, content, *, user=MARIA, chat_id=None, **more):
    media = {"kind": "document", "file_name": name, "data_base64": base64.b64encode(content).decode()}
    return await product.people.say(user, chat_id=chat_id or user, media=media, **more)


async def edited(product, contains):
    event = await product.people.wait_for(
        lambda event: event["type"] == "message_edited" and contains in event["message"].get("text", ""), timeout_s=15
    )
    return event["message"]


async def toast(product, press):
    def is_answer(event):
        return event["type"] == "callback_answered" and event["callback_query_id"] == press["callback_query_id"]

    return (await product.people.wait_for(is_answer))["text"]


async def audits(product, *actions):
    async with product.database.reading() as session:
        rows = await session.scalars(select(AuditRow).where(AuditRow.action.in_(actions)).order_by(AuditRow.id))
        return [(row.action, row.actor_id, row.detail) for row in rows]


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


# Files


@pytest.mark.every_database
async def test_a_file_becomes_an_article_after_a_confirmation_and_can_be_taken_back(product, store, sources):
    await send_file(product, "Дроны.md", DRONES.encode())
    asked = await product.answer(MARIA, "Добавить статей: 1, заменить: 0?")
    assert "+ Дроны.md" in asked["text"]
    assert not (sources / "Дроны.md").exists()

    await product.people.press(asked, "Добавить")

    done = await product.answer(MARIA, "Выпуск 3 готов", timeout_s=BUILT_S)
    assert "Новые статьи: 1" in done["text"]
    assert store.info(3).built_by.startswith("Мария")
    await product.people.say(ANNA, "Сколько стоит полёт дрона с посылкой?")
    assert "77" in (await product.answer(ANNA))["text"]
    await product.people.press(done, "↩️ Вернуть прежние файлы")
    await product.answer(MARIA, "Выпуск 4 готов", timeout_s=BUILT_S)
    assert not (sources / "Дроны.md").exists()
    assert [action for action, _, _ in await audits(product, "kb_received", "kb_add", "kb_undo")] == [
        "kb_received",
        "kb_add",
        "kb_undo",
    ]


async def test_a_file_in_the_general_topic_is_taken_in_as_well(product, sources):
    await send_file(product, "drones.md", DRONES.encode(), chat_id=OPERATORS_CHAT_ID)

    asked = await product.in_group("Добавить статей: 1")

    await product.people.press(asked, "Отмена", user_id=MARIA)
    await edited(product, "Отменено")
    assert not (sources / "drones.md").exists()


async def test_a_zip_is_taken_apart_and_what_is_refused_is_named(product, sources):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("ru/drones.md", DRONES)
        archive.writestr("ru/extra.md", "# Подарки\n\nУпаковка бесплатна.\n")
        archive.writestr("ru/virus.exe", "MZ")
    await send_file(product, "articles.zip", packed.getvalue())

    asked = await product.answer(MARIA, "Добавить статей: 1, заменить: 1?")

    assert "virus.exe" in asked["text"]
    await product.people.press(asked, "Добавить")
    done = await product.answer(MARIA, "Выпуск 3 готов", timeout_s=BUILT_S)
    assert "бесплатна" in (sources / "ru" / "extra.md").read_text(encoding="utf-8")
    await product.people.press(done, "↩️ Вернуть прежние файлы")
    await product.answer(MARIA, "Выпуск 4 готов", timeout_s=BUILT_S)
    assert "99 рублей" in (sources / "ru" / "extra.md").read_text(encoding="utf-8")
    assert not (sources / "ru" / "drones.md").exists()


async def test_files_sent_together_are_asked_about_once(product):
    for name in ("a.md", "b.md", "c.md"):
        await send_file(product, name, f"# {name}\n\nТекст статьи {name}.\n".encode(), album="set")

    assert "Добавить статей: 3" in (await product.answer(MARIA, "Добавить"))["text"]


async def test_a_restart_between_file_and_button_loses_nothing(product, sources):
    await send_file(product, "drones.md", DRONES.encode())
    asked = await product.answer(MARIA, "Добавить")
    await product.stop_bot()
    await product.start_bot()

    await product.people.press(asked, "Добавить")

    await product.answer(MARIA, "Выпуск 3 готов", timeout_s=BUILT_S)
    assert (sources / "drones.md").exists()


async def test_a_bot_that_dies_while_it_downloads_asks_after_its_restart(product):
    await product.people.fault("getFile", kind="hang", times=None, hang_s=60)
    await send_file(product, "drones.md", DRONES.encode())
    await product.people.wait_for(lambda event: event["type"] == "call" and event["method"] == "getFile")
    await product.stop_bot()
    await product.people.clear_faults()

    await product.start_bot()

    assert "+ drones.md" in (await product.answer(MARIA, "Добавить статей: 1"))["text"]


async def test_a_file_that_telegram_does_not_give_is_asked_for_again(product):
    await product.people.fault("getFile", 400, "Bad Request: file is too big", times=None)
    await send_file(product, "drones.md", DRONES.encode())

    assert "Пришлите его ещё раз" in (await product.answer(MARIA, "drones.md", timeout_s=20))["text"]


async def test_a_build_without_articles_says_what_to_do(product, sources, store):
    shutil.rmtree(sources)
    sources.mkdir()
    await product.people.say(MARIA, "/kb reload")

    failed = await product.answer(MARIA, "Собрать не удалось", timeout_s=BUILT_S)

    assert "пришлите файл сюда" in failed["text"]
    assert labels(failed) == ["🔄 Собрать заново"]
    assert store.current() == 2


async def test_a_second_press_adds_nothing_twice(product):
    await send_file(product, "drones.md", DRONES.encode())
    asked = await product.answer(MARIA, "Добавить")
    await product.people.press(asked, "Добавить")
    await product.people.press(asked, "Добавить")

    await product.answer(MARIA, "Выпуск 3 готов", timeout_s=BUILT_S)

    assert len(await audits(product, "kb_add")) == 1


async def test_a_file_larger_than_telegram_gives_bots_is_refused_with_advice(product):
    media = {"kind": "document", "file_name": "big.pdf", "data_base64": "", "file_size": 30_000_000}
    await product.people.say(MARIA, media=media)

    assert "20 МБ" in (await product.answer(MARIA))["text"]


async def test_what_is_no_article_is_refused_with_the_reason(product, sources):
    await send_file(product, "../../virus.exe", b"MZ")

    assert "Добавлять нечего" in (await product.answer(MARIA, "📥"))["text"]
    assert not list(sources.rglob("*.exe"))


async def test_a_customers_file_is_no_article(product, sources):
    await send_file(product, "drones.md", DRONES.encode(), user=ANNA)

    assert "Добавить" not in (await product.answer(ANNA))["text"]
    assert not list(sources.rglob("drones.md"))
