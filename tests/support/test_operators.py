"""Who is in which group, and what he may do there."""

from sqlalchemy import select

from support.operators import Member, OperatorRepository, Role, role_in
from support.tables import AuditRow

ONE, OTHER = -1, -2
OLGA = Member(7, "Ольга", "Olga_S")


async def test_who_left_a_group_commands_nothing_there_until_he_is_back(session, now):
    operators = OperatorRepository(session)
    olga = await operators.wrote(OLGA, ONE, now)
    await operators.wrote(OLGA, OTHER, now)
    assert role_in(olga, ONE, ()) is Role.OPERATOR

    await operators.left(OLGA.user_id, ONE, now)
    await operators.wrote(OLGA, ONE, now)  # a message that arrives late

    assert (role_in(olga, ONE, ()), role_in(olga, OTHER, ())) == (Role.STRANGER, Role.OPERATOR)
    assert role_in(olga, ONE, (OLGA.user_id,)) is Role.STRANGER
    assert olga.left_at is None
    await operators.left(OLGA.user_id, OTHER, now)
    assert olga.left_at == now
    assert await operators.by_username("@olga_s") is None
    assert await operators.left(OLGA.user_id, OTHER, now) is None

    await operators.joined(OLGA, ONE, now)
    assert (olga.left_at, role_in(olga, ONE, ())) == (None, Role.OPERATOR)
    assert await operators.by_username("@olga_s") is olga
    assert list(await session.scalars(select(AuditRow.action))) == ["operator_left"] * 2


async def test_administrators_of_a_group_are_seniors_at_first_and_admins_come_from_the_settings(session, now):
    operators = OperatorRepository(session)
    olga = await operators.joined(OLGA, ONE, now, senior=True)
    assert role_in(olga, ONE, ()) is Role.SENIOR
    assert role_in(olga, ONE, (OLGA.user_id,)) is Role.ADMIN

    olga.role = "operator"
    await operators.joined(OLGA, ONE, now, senior=True)  # the next start

    assert role_in(olga, ONE, ()) is Role.OPERATOR
    assert role_in(None, ONE, (OLGA.user_id,)) is Role.STRANGER
