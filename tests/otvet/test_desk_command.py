"""``otvet desk``, ``otvet orders find`` and what the doctor says of both."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from otvet.commands.desk import desk_group
from otvet.commands.orders import find_order
from otvet.desk_diagnosis import examine_desk_file, examine_orders
from otvet.errors import CommandError
from otvet.findings import Mark
from support.settings import Settings

DESK = """
[hours]
zone = "Europe/Moscow"
[hours.week]
mon = [{ begins = "09:00", ends = "18:00" }]
[subjects.billing]
group = -100
label_ru = "Оплата"
label_en = "Payments"
[[rule]]
name = "Press"
words = ["журналист", "вернуть деньги"]
urgent = true
subject = "billing"
[[rule]]
name = "Night"
anger = true
out_of_hours = true
"""
DOUBTFUL = """
[subjects.billing]
group = -999
label_ru = "Оплата"
label_en = "Payments"
[[rule]]
name = "Night"
out_of_hours = true
[[rule]]
name = "Night"
intents = ["nonsense"]
subject = "press"
[[rule]]
name = "Sums"
amount_over = 100
[[rule]]
name = "More"
amount_over = 500
words = ["x"]
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """Run a command over a desk file; return its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPERATORS_CHAT_ID", "-100")

    def run(content, command, *arguments):
        file = tmp_path / "desk.toml"
        file.write_text(content, encoding="utf-8")
        monkeypatch.setenv("DESK_FILE", str(file))
        result = CliRunner().invoke(desk_group, [command, *arguments])
        return result.exit_code, result.output if result.exception is None else f"{result.output}{result.exception}"

    return run


def test_a_desk_file_is_said_in_words(desk):
    code, said = desk(DESK, "check")

    assert code == 0
    for words in (
        "Europe/Moscow",
        "Rule 1, «Press»: when the message holds журналист or вернуть деньги → a person is called, urgent, to billing.",
        "Rule 2, «Night»: when it is angry and the desk is closed → a person is called.",
        "Subject billing: group -100",
        "first answer within 10 minutes",
    ):
        assert words in said


def test_what_can_never_happen_is_named_with_its_place(desk):
    code, said = desk(DOUBTFUL, "check")

    assert code == 1
    for words in (
        "! subjects.billing: group -999 is none of OPERATORS_CHAT_ID",
        "! rule 1, «Night»: it can never hold: without [hours.week]",
        "! rule 2, «Night»: there is no intent nonsense in the intents' file: it can never hold",
        "! rule 2, «Night»: there is no [subjects.press]",
        "! rule 2, «Night»: another rule has the same name",
        "! rule 4, «More»: it never decides: whenever it holds, «Sums» above it does too",
    ):
        assert words in said
    assert "! rule 3" not in said


def test_a_malformed_file_is_refused_with_the_place(desk):
    code, said = desk('[[rule]]\nname = "x"\n', "check")

    assert code != 0
    assert "rule.1: Value error, has no condition" in said


@pytest.mark.parametrize(
    ("arguments", "code", "hit"),
    [
        (["Верните... то есть вернуть мне деньги!"], 0, "«Press»"),
        (["ВЫ ИДИОТЫ", "--at", "2026-11-22T12:00:00"], 0, "«Night»"),
        (["ВЫ ИДИОТЫ", "--at", "2026-11-23T12:00:00"], 1, "No rule holds"),
        (["Сколько идёт доставка?"], 1, "No rule holds"),
    ],
)
def test_a_message_is_held_against_the_rules(desk, arguments, code, hit):
    exit_code, said = desk(DESK, "test", *arguments)

    assert (exit_code, hit in said) == (code, True), said


def settings(tmp_path, **values):
    return Settings(_env_file=None, data_dir=tmp_path / "data", **values)


async def test_the_doctor_reads_the_desk_file(tmp_path):
    file = tmp_path / "desk.toml"
    file.write_text(DOUBTFUL, encoding="utf-8")

    found = await examine_desk_file(settings(tmp_path, desk_file=file, operators_chat_id=-100))
    assert [one.mark for one in found] == [Mark.GOOD, *[Mark.DOUBTFUL] * 6]
    file.write_text("hours = 3", encoding="utf-8")
    assert [one.mark for one in await examine_desk_file(settings(tmp_path, desk_file=file))] == [Mark.WRONG]


async def test_the_doctor_tries_the_order_service_with_a_made_up_number(tmp_path):
    # A number is asked for in two spellings.
    answers = iter([404, 404, 200, 401])

    async def handle(_request):
        status = next(answers)
        return web.json_response({"status": "shipped", "phone": "+79161234501"}, status=status)

    app = web.Application()
    app.router.add_get("/{number}", handle)
    async with TestServer(app) as server:
        there = settings(tmp_path, orders_url=str(server.make_url("/")))
        found = [await examine_orders(there) for _ in range(3)]

    assert [[one.mark for one in each] for each in found] == [[Mark.GOOD, Mark.DOUBTFUL], [Mark.WRONG], [Mark.WRONG]]
    assert "nobody has" in found[1][0].sentence
    assert "ORDERS_TOKEN" in found[2][0].sentence


async def test_the_doctor_holds_the_querys_columns_against_the_mapping(tmp_path, sqlite_url):
    there = {"orders_database_url": sqlite_url.replace("+aiosqlite", "")}
    query = "SELECT number AS order_number, status AS state, phone FROM order_record WHERE number = :number"

    unmapped = await examine_orders(settings(tmp_path, **there, orders_query=query))
    assert [one.mark for one in unmapped] == [Mark.GOOD, Mark.WRONG]
    assert "Missing: status" in unmapped[1].sentence
    mapped = await examine_orders(settings(tmp_path, **there, orders_query=query, orders_fields="status=state"))
    assert [one.mark for one in mapped] == [Mark.GOOD, Mark.GOOD]
    wrong = await examine_orders(settings(tmp_path, **there, orders_query=query, orders_fields="status=stat"))
    assert "status=stat" in wrong[1].sentence
    broken = await examine_orders(settings(tmp_path, **there, orders_query=query.replace("order_record", "nowhere")))
    assert "ORDERS_QUERY fails" in broken[0].sentence
    assert "No orders" in (await examine_orders(settings(tmp_path, database_url=sqlite_url)))[0].sentence


async def test_an_order_is_found_where_the_bot_looks_with_its_personal_data_masked(tmp_path, sqlite_url):
    query = (
        "SELECT :number AS order_number, 'shipped' AS status, '+79161234501' AS phone, 'Анна' AS customer_name"
        " WHERE :number = 'KD-10427'"
    )
    there = settings(tmp_path, database_url=sqlite_url, orders_database_url=sqlite_url, orders_query=query)

    lines = await find_order("кд 10427", there)

    assert "number: KD-10427" in lines
    assert "phone: +7 *** ***-45-01" in lines
    assert "customer_name: А***" in lines
    assert await find_order("KD-2", there) == []
    with pytest.raises(CommandError, match="ORDERS_QUERY fails"):
        await find_order("KD-2", there.model_copy(update={"orders_query": "SELECT :number FROM nowhere"}))
