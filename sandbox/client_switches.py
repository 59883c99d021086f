"""The switches of a hostile Telegram in code, and the journal of what the bot called."""

from collections.abc import Sequence

from sandbox.client_http import Connection
from sandbox.telegram.errors import Json
from sandbox.telegram.faults import HANG_S, Kind
from sandbox.telegram.groups import GroupAction


class Switches(Connection):
    """Orders what people could not do."""

    async def fault(
        self,
        method: str | Sequence[str],
        error_code: int | None = None,
        description: str | None = None,
        *,
        kind: Kind = "error",
        times: int | None = 1,
        probability: float = 1.0,
        parameters: Json | None = None,
        retry_after: int | None = None,
        chat_id: int | None = None,
        hang_s: float = HANG_S,
        html: bool = False,
    ) -> None:
        """Let the next calls of a method, of several, or of any but getUpdates (``*``) meet a fault.

        ``times=None`` lets it stand until ``clear_faults``; a code without a description gets Telegram's own words.
        """
        optional = {
            "error_code": error_code,
            "description": description,
            "parameters": parameters,
            "retry_after": retry_after,
            "chat_id": chat_id,
        }
        given: Json = {name: value for name, value in optional.items() if value is not None}
        given["method"] = method if isinstance(method, str) else list(method)
        given |= {"kind": kind, "times": times, "probability": probability, "hang_s": hang_s, "html": html}
        await self._request("POST", "faults", given)

    async def faults(self) -> list[Json]:
        """Faults that are still to come."""
        ordered: list[Json] = (await self.get("faults"))["faults"]
        return ordered

    async def clear_faults(self) -> None:
        """Take all orders of faults back."""
        await self._request("DELETE", "faults", None)

    async def update_faults(
        self, *, duplicate: int | None = None, reorder: int | None = None, hold_s: float | None = None
    ) -> None:
        """Let updates come twice, in another order, or late and all at once."""
        await self.post("updates/faults", duplicate=duplicate, reorder=reorder, hold_s=hold_s)

    async def clear_update_faults(self) -> None:
        """No more duplicates; what is kept back comes now."""
        await self._request("DELETE", "updates/faults", None)

    async def put_update(self, kind: str | None, body: object = None) -> int:
        """Queue a raw update of any kind and shape; returns its id."""
        update_id: int = (await self._request("POST", "updates", {"kind": kind, "body": body}))["update_id"]
        return update_id

    async def restart_updates(self, next_id: int) -> None:
        """Let update ids go on from another number, lower or higher."""
        await self.post("updates/restart", next_id=next_id)

    async def revoke_token(self, *, revoked: bool = True) -> None:
        """Let every call be answered 401 Unauthorized, or no longer."""
        await self.post("token", revoked=revoked)

    async def group(
        self,
        chat_id: int,
        action: GroupAction,
        *,
        by: int | None = None,
        lacks: Sequence[str] | None = None,
        new_id: int | None = None,
    ) -> int:
        """Change a group, or the bot's place in it; returns the group's id, another one after ``migrate``."""
        named = None if lacks is None else list(lacks)
        changed = await self.post("groups", chat_id=chat_id, action=action, by=by, lacks=named, new_id=new_id)
        changed_id: int = changed["chat_id"]
        return changed_id

    async def seed(self, seed: int) -> None:
        """Make what is left to chance repeatable from here on."""
        await self.post("seed", seed=seed)

    async def journal(self, after: int = 0) -> Json:
        """``{calls, pauses}``: what the bot called later than number ``after``, and which 429s still hold."""
        return await self.get(f"journal?after={after}")
