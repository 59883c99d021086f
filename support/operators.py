"""Operators: who works in which group, in which role, and who is there. Callers own the transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from support.desk_tables import OperatorRow
from support.tables import AuditRow

SENIOR = "senior"
OPERATOR = "operator"


class Role(IntEnum):
    """What somebody may do; each may do what the ones before it may."""

    STRANGER = 0
    """Not in the group: nothing."""
    OPERATOR = 1
    SENIOR = 2
    """Also with colleagues' conversations, and /ban."""
    ADMIN = 3
    """One of ADMIN_IDS: also says who is senior."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group, as the channel tells."""

    user_id: int
    name: str
    username: str | None = None


def role_in(operator: OperatorRow | None, group: int, admins: Collection[int]) -> Role:
    """Return what somebody may do in a group; whoever is not in it may do nothing, an administrator neither."""
    if operator is None or operator.left_at is not None or group not in operator.groups:
        return Role.STRANGER
    if operator.user_id in admins:
        return Role.ADMIN
    return Role.SENIOR if operator.role == SENIOR else Role.OPERATOR


class OperatorRepository:
    """Reads and writes of the operator table."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, user_id: int) -> OperatorRow | None:
        """Return what is known about somebody."""
        return await self._session.get(OperatorRow, user_id)

    async def joined(self, member: Member, group: int, now: datetime, *, senior: bool = False) -> OperatorRow:
        """Note that somebody is in a group; ``senior`` counts only for somebody new."""
        row = await self.get(member.user_id)
        if row is None:
            role = SENIOR if senior else OPERATOR
            row = OperatorRow(user_id=member.user_id, role=role, groups=[], former_groups=[], created_at=now)
            self._session.add(row)
        row.name, row.username = member.name, member.username
        row.left_at, row.seen_at = None, now
        if group not in row.groups:
            row.groups = [*row.groups, group]
        row.former_groups = [one for one in row.former_groups if one != group]
        await self._session.flush()
        return row

    async def wrote(self, member: Member, group: int, now: datetime) -> OperatorRow:
        """Note who writes in a group: only members do, but a message may arrive after its writer has left."""
        row = await self.get(member.user_id)
        if row is not None and group in row.former_groups:
            return row
        return await self.joined(member, group, now)

    async def left(self, user_id: int, group: int, now: datetime) -> OperatorRow | None:
        """Note that somebody left a group; None when he was not known to be in it."""
        row = await self.get(user_id)
        if row is None or group not in row.groups:
            return None
        row.groups = [one for one in row.groups if one != group]
        row.former_groups = [*row.former_groups, group]
        row.left_at = None if row.groups else now
        audit(self._session, now, user_id, "operator_left", group=group)
        await self._session.flush()
        return row

    async def move(self, old_group: int, new_group: int) -> None:
        """Follow a group to its new id."""
        for row in await self._session.scalars(select(OperatorRow)):
            row.groups = [new_group if one == old_group else one for one in row.groups]
            row.former_groups = [new_group if one == old_group else one for one in row.former_groups]

    async def present(self, group: int | None = None) -> Sequence[OperatorRow]:
        """Return who is in a group, or in any of them, by name."""
        rows = await self._session.scalars(select(OperatorRow).where(OperatorRow.left_at.is_(None)))
        there = [row for row in rows if group is None or group in row.groups]
        return sorted(there, key=lambda row: (row.name.casefold(), row.user_id))

    async def by_username(self, username: str) -> OperatorRow | None:
        """Return who has this @name, whatever its case, with or without the sign; one who left is nobody."""
        wanted = username.removeprefix("@").casefold()
        return next((row for row in await self.present() if (row.username or "").casefold() == wanted), None)


def come_back(session: AsyncSession, operator: OperatorRow, now: datetime) -> None:
    """Note that somebody is there again, if he was away."""
    if operator.away_since is not None:
        operator.away_since = None
        audit(session, now, operator.user_id, "operator_back")


def audit(session: AsyncSession, now: datetime, actor_id: int, action: str, **detail: object) -> None:
    """Write down who did what."""
    session.add(AuditRow(at=now, actor_id=actor_id, action=action, detail=detail))
