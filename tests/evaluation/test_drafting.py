from datetime import UTC, datetime, timedelta

import pytest

from evaluation import baskets
from evaluation.conversations import from_conversations
from evaluation.drafting import from_knowledge, write
from knowledge.passages import Chunk
from support.customers import CustomerRepository, Person
from support.database import Database
from support.jobs import Draft, GenerationJob, JobPassage, Verdict
from support.tables import AnswerRow, EscalationRow, MessageRow, TurnRow

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DRAFT = Draft(text="t [1]", citations=(1,), verdict=Verdict(score=1), engine="e", model="", prompt_version="p")


def test_articles_take_turns_and_every_question_waits_for_a_person(tmp_path):
    chunks = [
        Chunk("1-0", "a.md", "Доставка", ("Сроки",), "Везём 3 дня.", "ru"),
        Chunk("2-0", "a.md", "Доставка", ("Цена",), "Доставка стоит 300 ₽.", "ru"),
        Chunk("3-0", "b.csv", "FAQ", (), "Yes.", "en", question="Do you ship abroad?"),
    ]
    items = from_knowledge(chunks, 2)
    assert [(one.question, one.sources, one.facts) for one in items] == [
        ("Доставка: Сроки?", ("a.md",), ("3",)),
        ("Do you ship abroad?", ("b.csv",), ()),
    ]

    file = write(tmp_path / "ours", items)

    with pytest.raises(baskets.BasketError, match="all 2 items are drafts"):
        baskets.load(tmp_path / "ours")
    assert len(baskets.load(tmp_path / "ours", with_drafts=True).questions) == 2
    kept = file.read_text(encoding="utf-8")
    with pytest.raises(baskets.BasketError, match="people's work is not overwritten"):
        write(tmp_path / "ours", items)
    assert file.read_text(encoding="utf-8") == kept
    with pytest.raises(baskets.BasketError, match="nothing to draft"):
        write(tmp_path / "other", ())


async def test_conversations_give_masked_questions_with_what_people_accepted(sqlite_url):
    passage = JobPassage(number=1, chunk_id="1-0", source="a.md", heading="A", text="t")
    job = GenerationJob(
        turn_id=1, epoch=1, attempt=1, question="q", parts=("q",), passages=(passage,), answerable=(1.0,),
        language="ru", deadline=0,
    )  # fmt: skip
    database = Database(sqlite_url)
    async with database.writing() as session:
        anna = await CustomerRepository(session).get_or_add(Person(101, "Анна", None, "ru"), NOW)
        gone = await CustomerRepository(session).get_or_add(Person(102, "Олег", None, "ru"), NOW)
        gone.erased_at = NOW
        chat = iter(range(1, 100))

        async def turn(text, state, customer=anna, **more):
            row = TurnRow(
                customer_id=customer.id, text=text, state=state, language="ru", opened_at=NOW, closes_at=NOW,
                job=job.model_dump_json(), **more,
            )  # fmt: skip
            session.add(row)
            await session.flush()
            session.add(said("customer", text, turn_id=row.id))
            await session.flush()
            return row

        def said(speaker, text, **more):
            return MessageRow(
                customer_id=anna.id, chat_id=101, message_id=next(chat), speaker=speaker, kind="text", text=text,
                created_at=NOW + timedelta(seconds=1), **more,
            )  # fmt: skip

        liked = await turn("Где мой пакет, +7 916 123-45-67?", "answered", intent="question", outcome="answered")
        session.add(
            AnswerRow(turn_id=liked.id, text="t", draft=DRAFT.model_dump(mode="json"), rating=1, created_at=NOW)
        )
        disliked = await turn("А это что такое?", "answered", intent="question", outcome="answered")
        session.add(
            AnswerRow(turn_id=disliked.id, text="t", draft=DRAFT.model_dump(mode="json"), rating=-1, created_at=NOW)
        )
        asked = await turn("Сколько стоит срочная доставка?", "escalated", intent="question")
        session.add(
            EscalationRow(customer_id=anna.id, turn_id=asked.id, reason="low_score", opened_at=NOW, closed_at=NOW)
        )
        session.add_all([said("operator", "Срочная доставка 700 ₽."), said("customer", "ок"), said("operator", "99")])
        called = await turn("Дайте человека", "escalated", intent="operator")
        session.add(
            EscalationRow(customer_id=anna.id, turn_id=called.id, reason="customer_asked", opened_at=NOW, closed_at=NOW)
        )
        await turn("Где мой заказ KD-10440 от 5 мая?", "answered", intent="order_status", outcome="order_found")
        await turn("Забудьте меня", "answered", customer=gone, outcome="greeted")
    async with database.reading() as session:
        items = await from_conversations(session, 10)
    await database.close()

    assert all(one.draft and one.origin == "conversation" for one in items)
    told = {one.question: (one.route, one.sources, one.facts, one.note) for one in items}
    assert told == {
        "Где мой заказ KD-00000 от 5 мая?": ("order_status", (), (), ""),
        "Дайте человека": ("operator", (), (), ""),
        "Сколько стоит срочная доставка?": ("question", (), ("700",), "Срочная доставка 700 ₽."),
        "Где мой пакет, +7 *** ***-45-67?": ("question", ("a.md",), (), ""),
    }
    assert [one.route for one in items[:3]] == ["order_status", "operator", "question"]
