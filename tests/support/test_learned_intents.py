from support import learned_intents
from support.tables import TurnRow


async def test_every_change_of_the_examples_is_another_version(session, anna, now):
    first, second = (
        TurnRow(customer_id=anna.id, state="escalated", text=text, language="ru", opened_at=now, closes_at=now)
        for text in ("Верните деньги", "Где посылка?")
    )
    session.add_all([first, second])
    await session.flush()
    seen = [await learned_intents.version(session)]

    row = await learned_intents.put(session, first, "complaint", 7, now)
    seen.append(await learned_intents.version(session))
    await learned_intents.put(session, first, "question", 7, now)
    seen.append(await learned_intents.version(session))
    assert await learned_intents.remove(session, row.id, 7, now) == first.id
    await learned_intents.put(session, second, "question", 7, now)
    seen.append(await learned_intents.version(session))

    assert len(set(seen)) == len(seen)
    assert [(one.intent, one.text) for one in await learned_intents.every(session)] == [("question", "Где посылка?")]
