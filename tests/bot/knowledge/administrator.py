"""What an administrator does and sees, over HTTP."""

import base64

from sqlalchemy import select

from sandbox.world import MARIA
from support.tables import AuditRow

DRONES = "# Доставка дроном\n\nДроны доставляют посылки по воскресеньям, полёт стоит 77 рублей.\n"
BUILT_S = 40


def labels(message):
    return [button["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


async def send_file(product, name, content, *, user=MARIA, chat_id=None, **more):
    media = {"kind": "document", "file_name": name, "data_base64": base64.b64encode(content).decode()}
    return await product.people.say(user, chat_id=chat_id or user, media=media, **more)


async def edited(product, contains):
    event = await product.people.wait_for(
        lambda event: event["type"] == "message_edited" and contains in event["message"].get("text", ""), timeout_s=15
    )
    return event["message"]


async def toast(product, press):
    def is_answer(event):
        return event["type"] == "callback_answered" and event["callback_query_id"] == press["callback_query_id"]

    return (await product.people.wait_for(is_answer))["text"]


async def audits(product, *actions):
    async with product.database.reading() as session:
        rows = await session.scalars(select(AuditRow).where(AuditRow.action.in_(actions)).order_by(AuditRow.id))
        return [(row.action, row.actor_id, row.detail) for row in rows]
