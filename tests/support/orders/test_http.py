import gzip
import json
from datetime import date

import pytest
from aiohttp import web

from support.orders.base import OrderSourceError, UnreachableError
from support.orders.http import MOST_BYTES, HttpOrders, address_of
from support.orders.models import Order

RECORD = {"order_number": "KD-10427", "status": "shipped", "phone": "+79161234501"}


@pytest.fixture
async def service():
    """The company's order service: ``answer`` is called with each request."""

    class Service:
        def __init__(self):
            self.asked = []
            self.answer = lambda _: web.json_response(RECORD)
            self.url = ""

    service = Service()

    async def handle(request):
        service.asked.append(request)
        return service.answer(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}"
    yield service
    await runner.cleanup()


@pytest.fixture
async def orders(service):
    made = []

    def make(path="/orders/{number}", **more):
        made.append(HttpOrders(service.url + path, **more))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("https://shop/api/orders/{number}/state", "https://shop/api/orders/A%2FB%20%3F%23/state"),
        ("https://shop/api/orders", "https://shop/api/orders/A%2FB%20%3F%23"),
        ("https://shop/api/orders/", "https://shop/api/orders/A%2FB%20%3F%23"),
        ("https://shop/api/order?number=", "https://shop/api/order?number=A%2FB%20%3F%23"),
    ],
)
def test_the_number_stands_encoded_in_its_place_or_at_the_end(template, address):
    assert address_of(template, "A/B ?#") == address


async def test_an_order_is_read_by_dotted_fields_and_asked_for_with_the_token(service, orders):
    record = {
        "id": "kd 10427",
        "state": "Ready for pickup",
        "buyer": {"phones": ["+79161234501", None], "mail": "a@example.com", "name": "Анна\u202e Смирнова"},
        "delivery": {"date": "2026-11-28T10:00:00+03:00", "by": {"name": "СДЭК"}},
        "lines": [{"title": "Лампа", "n": 1}, {"title": "Шнур", "n": 2}],
        "sum": 12900.0,
    }
    fields = {
        "order_number": "id",
        "status": "state",
        "phone": "buyer.phones",
        "email": "buyer.mail",
        "customer_name": "buyer.name",
        "eta": "delivery.date",
        "carrier": "delivery.by.name",
        "items": "lines.title",
        "total": "sum",
    }
    service.answer = lambda _: web.json_response(record)

    found = await orders(token="secret", fields=fields).find("KD-10427")

    assert found == Order(
        number="KD-10427",
        status="ready_for_pickup",
        phone="+79161234501",
        email="a@example.com",
        customer_name="Анна Смирнова",
        eta=date(2026, 11, 28),
        carrier="СДЭК",
        items="Лампа, Шнур",
        total="12900",
    )
    assert [(one.method, one.headers["Authorization"]) for one in service.asked] == [("GET", "Bearer secret")]


async def test_404_is_no_order_once_every_spelling_was_asked_for(service, orders):
    service.answer = lambda _: web.Response(status=404)

    assert await orders().find("KD-10427") is None
    assert [one.path for one in service.asked] == ["/orders/KD-10427", "/orders/KD10427"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (web.json_response([RECORD]), "not with a list"),
        (web.json_response(None), "404 says"),
        (web.Response(text="<html>"), "no JSON"),
        (web.json_response({**RECORD, "status": None}), "status is missing"),
        (web.json_response({**RECORD, "status": {"code": 3}}), "status is an object"),
        (web.json_response({**RECORD, "status": True}), "true or false"),
        (web.json_response({**RECORD, "eta": "soon"}), "eta is no date"),
        (web.json_response({**RECORD, "phone": ""}), "neither a phone nor an e-mail"),
        (web.json_response({**RECORD, "order_number": "KD-10428"}), "another order"),
        (web.json_response({**RECORD, "items": "x" * MOST_BYTES}), "larger than"),
        (web.Response(text="[" * 100_000), "no JSON"),
        (web.Response(status=401), "ORDERS_TOKEN"),
        (web.Response(status=204), "answers 204"),
        (
            web.Response(body=gzip.compress(json.dumps(RECORD).encode()), headers={"Content-Encoding": "gzip"}),
            "compresses",
        ),
    ],
)
async def test_an_answer_of_another_shape_is_an_error_that_says_which(service, orders, answer, says):
    service.answer = lambda _: answer

    with pytest.raises(OrderSourceError, match=says) as caught:
        await orders().find("KD-10427")
    assert not isinstance(caught.value, UnreachableError)
    assert "79161234501" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_service_that_cannot_answer_now_is_told_from_one_that_answers_wrongly(service, orders, status):
    service.answer = lambda _: web.Response(status=status)

    with pytest.raises(UnreachableError):
        await orders().find("KD-10427")


async def test_a_redirect_is_followed_on_the_same_host_and_nowhere_else(service, orders):
    def answer(request):
        if request.path.startswith("/orders"):
            return web.Response(status=302, headers={"Location": "/v2" + request.path})
        return web.json_response(RECORD)

    service.answer = answer
    assert await orders(token="secret").find("KD-10427") is not None

    elsewhere = service.url.replace("127.0.0.1", "localhost")
    service.asked.clear()
    service.answer = lambda _: web.Response(status=302, headers={"Location": elsewhere})
    with pytest.raises(OrderSourceError, match="another host"):
        await orders(token="secret").find("KD-10427")
    assert len(service.asked) == 1

    service.answer = lambda request: web.Response(status=302, headers={"Location": request.path})
    with pytest.raises(OrderSourceError, match="in circles"):
        await orders().find("KD-10427")


async def test_digits_alone_may_be_answered_with_the_whole_number(service, orders):
    assert (await orders().find("10427")).number == "KD-10427"


async def test_a_service_that_is_not_there_is_unreachable():
    with pytest.raises(UnreachableError, match="ConnectError"):
        await HttpOrders("http://127.0.0.1:9/orders").find("KD-10427")
