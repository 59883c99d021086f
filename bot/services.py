"""What handlers are given: the services of the composition root in one value."""

from dataclasses import dataclass

from bot.cancellations import Cancellations
from bot.erasing import Erasing
from bot.groups import Groups
from bot.knowledge_admin import KnowledgeAdmin
from bot.learning import Learning
from bot.order_views import OrderViews
from bot.quarantine import Quarantine
from bot.received import ReceivedFiles
from bot.rendering import Renderer
from bot.rota import Rota
from bot.texts import Library, Texts
from bot.topics import Topics
from bot.turns import TurnClock
from bot.unit import Unit
from bot.watching import Watching
from support.customers import CustomerRepository, Person
from support.desk import Desk
from support.desk_file import DeskFile
from support.outcomes import Collected
from support.tables import CustomerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a handler may call."""

    desk: Desk
    clock: TurnClock
    renderer: Renderer
    cancellations: Cancellations
    library: Library
    knowledge: KnowledgeAdmin
    received: ReceivedFiles
    erasing: Erasing
    groups: Groups
    topics: Topics
    admins: tuple[int, ...]
    company: str
    quarantine: Quarantine
    learning: Learning
    order_views: OrderViews
    watching: Watching
    file: DeskFile
    """Hours, deadlines, assignment and rules of the desk."""

    @property
    def operators_texts(self) -> Texts:
        """The texts in the operators' language."""
        return self.library.of(self.renderer.operators_language)

    @property
    def rota(self) -> Rota:
        """Gives conversations out."""
        return Rota(self.groups, self.file, self.operators_texts)

    async def customer(self, unit: Unit, person: Person) -> CustomerRow:
        """Return the customer, made if he is new; one who was banned before he was erased is banned still."""
        customer = await CustomerRepository(unit.session).get_or_add(person, unit.now)
        if customer.created_at == unit.now:
            await self.erasing.restore_ban(unit, customer)
        return customer

    def texts(self, customer: CustomerRow) -> Texts:
        """Return the texts in the customer's language."""
        return self.library.of(customer.language)

    def collect(self, unit: Unit, collected: Collected) -> None:
        """Close the turn in time and withdraw what nobody waits for, once the unit is committed."""
        unit.after_commit.append(lambda: self.clock.schedule(collected.turn_id, collected.closes_at))
        self.renderer.withdraw(unit, collected.cancelled)
