from support.customers import CustomerRepository, Person


async def test_a_customer_is_made_once_and_renamed_after(session, now):
    customers = CustomerRepository(session)
    first = await customers.get_or_add(Person(101, "Анна", None, "ru"), now)
    second = await customers.get_or_add(Person(101, "Анна Смирнова", "anna", "en"), now)

    assert second is first
    assert (second.name, second.username) == ("Анна Смирнова", "anna")
    assert second.language == "ru"


async def test_who_writes_has_unblocked_the_bot(session, anna, now):
    anna.blocked_at = now

    await CustomerRepository(session).get_or_add(Person(101, "Анна", None, "ru"), now)

    assert anna.blocked_at is None


async def test_a_customer_is_found_by_his_topic(session, anna):
    anna.topic_chat_id, anna.topic_id = -100, 7
    await session.flush()

    assert await CustomerRepository(session).by_topic(-100, 7) is anna
    assert await CustomerRepository(session).by_topic(-100, 8) is None
    assert await CustomerRepository(session).by_chat(999) is None
