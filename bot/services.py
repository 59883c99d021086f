"""What handlers are given: the services of the composition root in one value."""

from dataclasses import dataclass

from bot.knowledge_admin import KnowledgeAdmin
from bot.rendering import Renderer
from bot.texts import Library, Texts
from bot.turns import TurnClock
from support.desk import Desk
from support.tables import CustomerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a handler may call."""

    desk: Desk
    clock: TurnClock
    renderer: Renderer
    library: Library
    knowledge: KnowledgeAdmin
    groups: tuple[int, ...]
    admins: tuple[int, ...]
    company: str

    def texts(self, customer: CustomerRow) -> Texts:
        """Return the texts in the customer's language."""
        return self.library.of(customer.language)
