"""Who may have which cells: sequences are let in when they fit as a whole, prefixes are shared and the idle evicted."""

from collections import OrderedDict
from collections.abc import Iterator

from workers.engines.llama.lanes import Cancellation, Lane, Prefix, PrefixKey
from workers.engines.llama.library import Abilities, Context


class Places:
    """Bookkeeping of a context's cells and sequences. Used by the batcher's thread alone, between its steps."""

    def __init__(self, context: Context, abilities: Abilities) -> None:
        self.prefixes_read = 0
        self.prefixes_evicted = 0
        self._context = context
        self._abilities = abilities
        self._free = list(range(context.sequences))
        self._reserved = 0
        # The least recently used comes first.
        self._prefixes: OrderedDict[PrefixKey, Prefix] = OrderedDict()

    def take(self, lane: Lane) -> bool:
        """Give the lane a sequence, its reserved cells and its prefix; False when there is no room yet."""
        shared = bool(lane.prefix) and self._abilities.copies
        known = self._prefixes.get(lane.prefix_key) if shared else None
        cells = lane.room + (0 if known else len(lane.prefix))
        sequences = 2 if shared and not known else 1
        while self.free_cells() < cells or len(self._free) < sequences:
            if not self._evict_one(spare=known):
                return False
        if shared:
            lane.copies = known is not None
            lane.base = known or self._begin(lane.prefix_key)
            lane.base.users += 1
            self._prefixes.move_to_end(lane.prefix_key)
        else:
            lane.unread = list(lane.prefix)
        lane.sequence = self._free.pop()
        self._reserved += lane.own_cells
        return True

    def give_back(self, lane: Lane) -> None:
        """Free what ``take`` gave."""
        self._context.remove(lane.sequence)
        self._free.append(lane.sequence)
        self._reserved -= lane.own_cells
        if lane.base:
            lane.base.users -= 1

    def unread_prefixes(self) -> Iterator[Lane]:
        """Return the lanes of prefixes that somebody waits for."""
        return (prefix.lane for prefix in self._prefixes.values() if prefix.users and not prefix.ready)

    def prepare(self, lane: Lane) -> None:
        """Do what had to wait for the library to be free: take back, copy a prefix that has become ready."""
        if lane.keep is not None:
            self._take_back(lane, lane.keep)
            lane.keep = None
        if lane.base and not lane.held and lane.base.ready:
            self._context.copy(lane.base.lane.sequence, lane.sequence)
            lane.held = list(lane.prefix)

    def _take_back(self, lane: Lane, length: int) -> None:
        if length >= len(lane.held):
            return
        if self._abilities.rewinds:
            self._context.remove(lane.sequence, length)
            del lane.held[length:]
            return
        # A memory that cannot forget a part forgets everything and reads the rest again.
        self._context.remove(lane.sequence)
        shared = len(lane.prefix) if lane.base else 0
        lane.unread = lane.held[shared:length] + lane.unread
        lane.held = []

    def free_cells(self) -> int:
        """Return how many cells are neither reserved nor held by a prefix."""
        return self._context.cells - self._reserved - sum(len(tokens) for _, tokens in self._prefixes)

    def _begin(self, key: PrefixKey) -> Prefix:
        adapter, tokens = key
        lane = Lane(
            prefix=tokens,
            room=0,
            deadline=float("inf"),
            cancellation=Cancellation(),
            adapter=adapter,
            state="open",
            sequence=self._free.pop(),
            unread=list(tokens),
        )
        self.prefixes_read += 1
        prefix = self._prefixes[key] = Prefix(lane=lane)
        return prefix

    def _evict_one(self, *, spare: Prefix | None) -> bool:
        # The cells of a prefix that is in use would not become free.
        idle = (p for p in self._prefixes.values() if p.users == 0 and p is not spare)
        prefix = next(idle, None)
        if prefix is None:
            return False
        self._context.remove(prefix.lane.sequence)
        self._free.append(prefix.lane.sequence)
        del self._prefixes[prefix.key]
        self.prefixes_evicted += 1
        return True
