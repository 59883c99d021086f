"""Orders of the company's own service, seen by customers and operators; rules that call a person."""

import pytest
from aiohttp import web
from sqlalchemy import select

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID
from support.tables import AuditRow
from support.transport_tables import DeliveryRow

RECORD = {
    "id": "KD-10427",
    "state": "shipped",
    "buyer": {"name": "Анна Смирнова", "phone": "+7 916 123-45-01", "mail": "anna@example.com"},
    "track": {"by": "СДЭК", "code": "SD-1"},
}
FIELDS = (
    "order_number=id,status=state,customer_name=buyer.name,phone=buyer.phone,email=buyer.mail,"
    "carrier=track.by,tracking=track.code"
)
RULES = '[[rule]]\nname = "Пресса"\nwords = ["журналист"]\nurgent = true\n'


@pytest.fixture
async def service():
    """The company's order service."""

    class Service:
        works = True
        asked = 0
        url = ""

    service = Service()

    async def handle(request):
        service.asked += 1
        if not service.works:
            return web.Response(status=503)
        known = request.match_info["number"] == RECORD["id"]
        return web.json_response(RECORD) if known else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/orders/{number}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}/orders/{{number}}"
    yield service
    await runner.cleanup()


@pytest.mark.e2e
async def test_orders_come_from_the_companys_service_and_rules_call_a_person(run_product, service, tmp_path):
    rules = tmp_path / "desk.toml"
    rules.write_text(RULES, encoding="utf-8")
    async with run_product(orders_url=service.url, orders_fields=FIELDS, desk_file=rules) as product:
        people = product.people

        # Not his and not there read the same, whether by message or by command.
        await people.say(ANNA, "Где мой заказ KD-10427? Почта stranger@example.com")
        refused = await product.answer(ANNA, "Не нашёл заказа")
        await people.say(ANNA, "/order KD-99999 anna@example.com")
        assert (await product.answer(ANNA, "Не нашёл заказа"))["text"] == refused["text"]
        await people.say(ANNA, "/order KD-10427 anna@example.com")
        found = await product.answer(ANNA, "KD-10427")
        assert "СДЭК" in found["text"]

        # When the service is down, the customer is told and an operator gets it.
        service.works = False
        await people.say(ANNA, "/order KD-10428 anna@example.com")
        await product.answer(ANNA, "не могу заглянуть в заказы")
        card = await product.in_group("заказы недоступны")
        service.works = True

        async def in_topic(text):
            await people.in_topic(MARIA, OPERATORS_CHAT_ID, card["message_thread_id"], text)

        # The operator sees what the customer proved; personal data are for his eyes alone, and it is recorded.
        await in_topic("/order")
        await product.in_group("KD-10427 —")
        await in_topic("/order кд 10427")
        shown = await product.in_group("📦 Заказ KD-10427")
        personal = await product.in_group("+7 916 123-45-01")
        assert "А*** С***" in shown["text"]
        assert "a***@example.com" in shown["text"]
        assert "123-45-01" not in shown["text"]
        assert personal["receiver_user"]["id"] == MARIA
        assert personal["message_thread_id"] == card["message_thread_id"]
        await in_topic("/order KD-99999")
        await product.in_group("Заказа KD-99999 нет")
        async with product.database.reading() as session:
            seen = list(await session.scalars(select(AuditRow).where(AuditRow.action == "order_seen")))
            payloads = " ".join(str(row.payload) for row in await session.scalars(select(DeliveryRow)))
        assert [(row.actor_id, row.detail["order"], row.detail["found"]) for row in seen] == [
            (MARIA, "KD-10427", True),
            (MARIA, "KD-99999", False),
        ]
        assert "123-45-01" not in payloads

        # A rule of the desk file calls a person, and the card says which.
        await in_topic("/close")
        await product.answer(ANNA, "окончен")
        await people.say(ANNA, "Сколько идёт доставка? Я напишу об этом как журналист.")
        await product.answer(ANNA, "лучше поможет человек")
        await product.in_group("сработало правило «Пресса»")
