"""Files that administrators send: articles after a confirmation, over HTTP."""

import io
import shutil
import zipfile

import pytest

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID
from tests.bot.knowledge.administrator import BUILT_S, DRONES, audits, edited, labels, send_file

pytestmark = pytest.mark.e2e


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
