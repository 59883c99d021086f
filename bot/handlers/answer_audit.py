"""The buttons under a drawn answer: an operator says whether it is right, or has the next one shown."""

from aiogram import F, Router
from aiogram.methods import AnswerCallbackQuery
from aiogram.types import CallbackQuery

from bot import keyboards
from bot.answer_audit import show, show_next
from bot.audit_text import AUDIT, NEXT
from bot.services import Services
from bot.unit import Unit
from support import answer_audits
from support.answer_audits import BY_PEOPLE, Judgement
from support.audit_tables import AnswerAuditRow, AuditMessageRow
from support.deliveries import Priority
from support.operators import OperatorRepository, Role, role_in


async def on_press(query: CallbackQuery, unit: Unit, services: Services) -> None:
    """Write the judgement down; as long as the answer stands another button mends it."""
    if query.message is None or query.message.chat.id not in services.groups.ids:
        return
    toast = await _press(query, query.message.chat.id, unit, services)
    answer = AnswerCallbackQuery(callback_query_id=query.id, text=toast or None)
    await unit.to_chat(answer, query.from_user.id, f"press:{query.id}", priority=Priority.ANSWER)


async def _press(query: CallbackQuery, group: int, unit: Unit, services: Services) -> str:
    texts = services.operators_texts
    operator = await OperatorRepository(unit.session).get(query.from_user.id)
    if operator is None or role_in(operator, group, services.admins) is Role.STRANGER:
        return texts("desk-stranger")
    pressed = keyboards.parse(query.data or "").arguments
    message = await unit.session.get(AuditMessageRow, group, with_for_update=True)
    if message is None or len(pressed) != 2 or pressed[1] != str(message.audit_id):  # noqa: PLR2004  # name and number
        return texts("audit-passed")
    row = await unit.session.get_one(AnswerAuditRow, int(pressed[1]), with_for_update=True)
    if not row.answer:
        return texts("audit-passed")
    if pressed[0] == NEXT and row.verdict is not None:
        await show_next(unit, texts, group)
        return ""
    if pressed[0] not in BY_PEOPLE:
        return texts("desk-stale")
    judgement = Judgement(pressed[0])
    new = answer_audits.judge(unit.session, row, judgement, operator.user_id, unit.now)
    if new:
        await unit.session.flush()
        await show(unit, texts, message, row)
    return texts("audit-toast" if new else "audit-same", verdict=texts(f"audit-{judgement}"))


def build() -> Router:
    """Build a fresh router."""
    router = Router(name=__name__)
    router.callback_query.register(on_press, F.message.chat.type == "supergroup", F.data.startswith(f"{AUDIT}:"))
    return router
