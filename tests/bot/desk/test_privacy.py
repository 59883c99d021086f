"""/mydata, /forget and /erase: whole conversations over HTTP, and what is left of them afterwards."""

import asyncio
import json
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select
from sqlalchemy.engine import make_url

import support.desk_tables
import support.privacy_tables  # noqa: F401  # every table belongs to the metadata
from sandbox.world import ANNA, EMMA, MARIA, OPERATORS_CHAT_ID
from support.privacy_tables import ErasureRow
from support.tables import AuditRow, Base, CustomerRow, TurnRow

pytestmark = pytest.mark.e2e
QUESTION = "Сколько дней есть на возврат товара?"
WHO = "Меня зовут Фёкла Перепёлкина, кодовое слово жирафобегемот"
THEIRS = [table for table in Base.metadata.sorted_tables if table.name != "order_record"]
IN_ORDERS = ("Смирнова", "Анна Смирнова")
WORDS = ("Фёкла", "Перепёлкин", "жирафобегемот", "555-44-33", "5554433", "феклуша", *IN_ORDERS)


async def rows_of(product):
    """Read every value of every column of every table, as text."""
    async with product.database.reading() as session:
        # Orders are the company's own list: /forget says that they stay.
        for table in THEIRS:
            for row in await session.execute(select(table)):
                yield table.name, json.dumps([str(value) for value in row], ensure_ascii=False)


def everything_in_redis(url):
    with Redis.from_url(url) as redis:
        for key in redis.scan_iter():
            kind = redis.type(key).decode()
            if kind == "none":  # its time was over meanwhile
                continue
            value = {
                "string": redis.get,
                "hash": redis.hgetall,
                "list": lambda key: redis.lrange(key, 0, -1),
                "set": redis.smembers,
                "zset": lambda key: redis.zrange(key, 0, -1),
                "stream": redis.xrange,
            }[kind](key)
            yield key.decode(), _readable(value)


def _readable(value):
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return " ".join(f"{_readable(key)} {_readable(one)}" for key, one in value.items())
    return " ".join(_readable(one) for one in value) if isinstance(value, list | set | tuple) else str(value)


async def left_of(product, words):
    """Return where any of the words still stands: table, key of Redis or file."""
    found = [(name, row) for name, row in [row async for row in rows_of(product)] if any(word in row for word in words)]
    found += [
        (key, value)
        for key, value in everything_in_redis(product.settings.redis_url)
        if any(word in value or word in key or json.dumps(word)[1:-1] in value for word in words)
    ]
    for file in files_of(product):
        content = file.read_bytes()
        spelt = [(word, json.dumps(word)[1:-1]) for word in words if word not in IN_ORDERS]
        found += [
            (file.name, word) for word, escaped in spelt if word.encode() in content or escaped.encode() in content
        ]
    return found


def files_of(product):
    """Everything under DATA_DIR but the releases; the database with its log, which a test keeps elsewhere."""
    kept = [file for file in product.settings.data_dir.rglob("*") if file.is_file() and "releases" not in file.parts]
    if product.settings.sql_url.startswith("sqlite"):
        database = Path(make_url(product.settings.sql_url).database)
        assert database.exists()
        kept += [file for file in database.parent.iterdir() if file.name.startswith(database.name)]
    return kept


async def until_erased(product, *, within_s=20):
    async with asyncio.timeout(within_s):
        while True:
            async with product.database.reading() as session:
                proof = await session.scalar(select(AuditRow).where(AuditRow.action == "customer_erased"))
                if proof is not None and await session.scalar(select(ErasureRow.token)) is None:
                    return proof
            await asyncio.sleep(0.05)


async def converse(product):
    """Leave traces everywhere: an answer with a rating, an order asked about, a person's words, notes, an edit."""
    people = product.people
    await people.say(ANNA, QUESTION)
    answer = await product.answer(ANNA, "Источник")
    await people.press(answer, "👍")
    await people.say(ANNA, "/order KD-10412")
    await product.answer(ANNA, "телефон")
    await people.say(ANNA, "+7 903 555-44-33")
    await product.answer(ANNA, "Не нашёл")
    said = await people.say(ANNA, f"/operator {WHO}, пишите на феклуша@example.com")
    card = await product.in_group("Почему")
    thread = card["message_thread_id"]
    await people.in_topic(MARIA, OPERATORS_CHAT_ID, thread, "Анна Смирнова, смотрю ваш заказ")
    await product.answer(ANNA, "смотрю")
    await people.in_topic(MARIA, OPERATORS_CHAT_ID, thread, "// Перепёлкина пишет третий раз")
    await people.say(ANNA, "Жду, жирафобегемот")
    await product.in_group("Жду")
    return said, card


@pytest.mark.every_database
async def test_nothing_is_left_of_a_customer_who_wants_to_be_forgotten(product, capfd):
    people = product.people
    _, card = await converse(product)
    # The card shows no name, phone or address of what was written; the relayed messages do.
    assert "феклуша@" not in card["text"]
    assert await left_of(product, WORDS)

    await people.say(ANNA, "/mydata")
    sent = await product.answer(ANNA, "хранится")
    kept = json.loads(product.world.files.get(sent["document"]["file_id"]).upload.data)
    assert {"customer", "messages", "questions", "answers", "conversations_with_operators"} <= kept.keys()
    assert kept["answers"][0]["your_rating"] == 1
    assert "третий раз" in json.dumps(kept, ensure_ascii=False)
    await people.say(ANNA, "/mydata")
    await product.answer(ANNA, "раз в час")

    await people.say(ANNA, "/forget")
    asked = await product.answer(ANNA, "Стереть всё")
    await people.press(asked, "Стереть всё")
    proof = await until_erased(product)
    await product.in_group("его тема удалена")

    ids = (str(ANNA), f"private:{ANNA}")
    assert await left_of(product, WORDS) == []
    assert [where for where, row in await left_of(product, ids) if f'"{ANNA}"' in row or f": {ANNA}," in row] == []
    assert card["message_thread_id"] not in [topic["thread_id"] for topic in await people.topics(OPERATORS_CHAT_ID)]
    written = "".join(capfd.readouterr())
    assert not [word for word in WORDS if word in written]
    assert proof.detail["asked_by"] == "customer"
    assert len(proof.detail["chat_hmac_sha256"]) == 64
    assert proof.detail["counts"]["message"] > 5

    # What he writes next begins with somebody whom nobody knows.
    await people.say(ANNA, "Какие способы оплаты?")
    await product.answer(ANNA, "Источник")
    async with product.database.reading() as session:
        shells = list(await session.scalars(select(CustomerRow).order_by(CustomerRow.id)))
        turns = list(await session.scalars(select(TurnRow).order_by(TurnRow.id)))
    assert [row.chat_id for row in shells] == [-shells[0].id, ANNA]
    assert turns[0].outcome == "answered"
    assert (turns[0].text, turns[0].job, turns[0].trace) == ("", None, {})


async def test_an_administrator_erases_for_a_customer_and_a_ban_stays(product):
    people = product.people
    await people.say(ANNA, "/operator жирафобегемот")
    card = await product.in_group("Почему")
    await people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], "/ban")
    await product.answer(ANNA, "Оператор закончил")
    # Who is not an administrator erases nobody; whom nobody knows cannot be erased.
    await people.say(EMMA, f"/erase {ANNA}")
    await product.answer(EMMA)
    await people.say(MARIA, "/erase 99999")
    await product.answer(MARIA, "нет")
    await people.say(MARIA, f"/erase {ANNA}")
    asked = await product.answer(MARIA, "Стереть клиента")
    assert "Смирнова" not in asked["text"]
    await people.press(asked, "Стереть всё")
    proof = await until_erased(product)
    assert (proof.actor_id, proof.detail["asked_by"]) == (MARIA, "administrator")
    assert await left_of(product, ("жирафобегемот",)) == []
    # Banned as he was, he is heard of no more; his rights he keeps.
    await people.say(ANNA, "Какие способы оплаты?")
    await people.say(ANNA, "/forget")
    await product.answer(ANNA, "Стереть всё")
    async with product.database.reading() as session:
        again = await session.scalar(select(CustomerRow).where(CustomerRow.chat_id == ANNA))
        assert again.banned_at is not None
        assert await session.scalar(select(TurnRow.id).where(TurnRow.customer_id == again.id)) is None
