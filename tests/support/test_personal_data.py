import json

from support.desk_tables import DraftLabelRow
from support.personal_data import document
from support.tables import TurnRow


async def test_a_customer_gets_the_drafts_about_his_questions_and_what_became_of_them(session, anna, add_customer, now):
    emma = await add_customer(102, name="Emma")
    for customer, words in ((anna, "мой"), (emma, "чужой")):
        turn = TurnRow(
            customer_id=customer.id,
            state="escalated",
            text="?",
            language="ru",
            opened_at=now,
            closes_at=now,
            draft={"text": f"{words} черновик"},
        )
        session.add(turn)
        await session.flush()
        label = {"operator_id": 9, "verdict": "edited", "draft": f"{words} показан", "sent": f"{words} отправлен"}
        session.add(DraftLabelRow(turn_id=turn.id, at=now, **label))
    await session.flush()

    kept = json.loads(await document(session, anna, now))

    assert [one["draft_of_an_answer"] for one in kept["questions"]] == ["мой черновик"]
    [label] = kept["drafts_that_operators_decided_about"]
    assert (label["decision"], label["draft"], label["sent"]) == ("edited", "мой показан", "мой отправлен")
    assert "чужой" not in json.dumps(kept, ensure_ascii=False)
