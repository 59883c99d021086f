"""Who is there: /away, /back, /languages, /senior, /commands anywhere in a group; people who join it and leave."""

from typing import Final

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import ChatMemberUpdated, Message, Update

from bot.handlers import topic
from bot.incoming import member_of
from bot.members import is_in, leave
from bot.services import Services
from bot.startup import OPERATOR_COMMANDS
from bot.texts import LANGUAGES
from bot.unit import Unit
from support.desk_tables import OperatorRow
from support.operators import OPERATOR, SENIOR, OperatorRepository, Role, audit, come_back

AWAY: Final = "😴"
SENIORS_ONLY: Final = ("ban", "unban")
ADMINS_ONLY: Final = ("senior", "intent")


async def on_away(message: Message, author: topic.Author, unit: Unit, services: Services) -> None:
    """Get no new conversations and give away those in which the customer waits; said again: be back."""
    operator = author.operator
    if operator is None:
        await topic.tell(message, unit, services.operators_texts("desk-anonymous"), "away")
    elif operator.away_since is not None:
        await _return(message, operator, unit)
    else:
        operator.away_since = unit.now
        audit(unit.session, unit.now, operator.user_id, "operator_away")
        await services.rota.pass_on(unit, operator, by=operator.user_id, key=topic.key_of(message, "away"))
        await topic.acknowledge(message, unit, AWAY)


async def on_back(message: Message, author: topic.Author, unit: Unit) -> None:
    """Be back."""
    if author.operator is not None:
        await _return(message, author.operator, unit)


async def _return(message: Message, operator: OperatorRow, unit: Unit) -> None:
    come_back(unit.session, operator, unit.now)
    await topic.acknowledge(message, unit)


async def on_languages(
    message: Message, command: CommandObject, author: topic.Author, unit: Unit, services: Services
) -> None:
    """Say in which languages one answers: new conversations come in these alone."""
    operator = author.operator
    wanted = (command.args or "").replace(",", " ").casefold().split()
    if operator is None or not wanted or not set(wanted) <= set(LANGUAGES):
        known = operator.languages if operator else ""
        text = services.operators_texts("languages-usage", known=known or ",".join(LANGUAGES))
        await topic.tell(message, unit, text, "languages")
        return
    # All of them is the same as none named.
    kept = [language for language in LANGUAGES if language in wanted]
    operator.languages = "" if len(kept) == len(LANGUAGES) else ",".join(kept)
    audit(unit.session, unit.now, operator.user_id, "operator_languages", languages=operator.languages)
    await topic.acknowledge(message, unit)


async def on_senior(
    message: Message, command: CommandObject, author: topic.Author, unit: Unit, services: Services
) -> None:
    """Make somebody a senior, or an operator again; without a name: say who is there."""
    texts, wanted = services.operators_texts, (command.args or "").strip()
    if author.role < Role.ADMIN:
        await topic.tell(message, unit, texts("admin-only"), "senior")
        return
    colleague = await named(message, wanted, unit)
    if colleague is None or message.chat.id not in colleague.groups:
        people = await OperatorRepository(unit.session).present(message.chat.id)
        lines = "\n".join(f"• {one.name}{' ⭐' if one.role == SENIOR else ''}" for one in people)
        await topic.tell(message, unit, texts("senior-usage", people=lines), "senior")
        return
    made = colleague.role != SENIOR
    colleague.role = SENIOR if made else OPERATOR
    action = "senior_made" if made else "senior_unmade"
    audit(unit.session, unit.now, author.user.id, action, operator_id=colleague.user_id)
    await topic.tell(message, unit, texts("senior-made" if made else "senior-unmade", name=colleague.name), "senior")


async def on_commands(message: Message, unit: Unit, services: Services) -> None:
    """List the commands, and who may give which."""
    texts = services.operators_texts
    marks = dict.fromkeys(SENIORS_ONLY, texts("commands-seniors")) | dict.fromkeys(
        ADMINS_ONLY, texts("commands-admins")
    )
    lines = [f"/{name} — {texts(f'command-operator-{name}')}{marks.get(name, '')}" for name in OPERATOR_COMMANDS]
    await topic.tell(message, unit, "\n".join([*lines, "", texts("commands-rules")]), "commands")


async def named(message: Message, wanted: str, unit: Unit) -> OperatorRow | None:
    """Return the colleague that a command means: by @name, by a mention, or by the message that it replies to."""
    operators = OperatorRepository(unit.session)
    for entity in message.entities or ():
        if entity.type == "text_mention" and entity.user is not None:
            return await _present(operators, entity.user.id)
    if wanted:
        return await operators.by_username(wanted.split(maxsplit=1)[0])
    reply = message.reply_to_message
    if reply is None or reply.from_user is None or reply.from_user.is_bot:
        return None
    return await _present(operators, reply.from_user.id)


async def _present(operators: OperatorRepository, user_id: int) -> OperatorRow | None:
    row = await operators.get(user_id)
    return row if row is not None and row.left_at is None else None


async def on_member(event: ChatMemberUpdated, event_update: Update, unit: Unit, services: Services) -> None:
    """Somebody joins an operators' group or leaves it."""
    user, group = event.new_chat_member.user, event.chat.id
    if user.is_bot or group not in services.groups.ids:
        return
    if is_in(event.new_chat_member):
        await OperatorRepository(unit.session).joined(member_of(user), group, unit.now)
    else:
        await leave(unit, services.rota, user.id, group, f"update:{event_update.update_id}:left")


def build() -> Router:
    """Build a fresh router; it stands before those of topics, whose commands are not these."""
    router = topic.group_router(__name__)
    for name, handler in (
        ("away", on_away),
        ("back", on_back),
        ("languages", on_languages),
        ("senior", on_senior),
        ("commands", on_commands),
    ):
        router.message.register(handler, Command(name))
    router.chat_member.register(on_member, F.chat.type == "supergroup")
    return router
