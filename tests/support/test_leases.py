import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.leases import Lease, is_dead, this_process
from support.transport_tables import LeaseRow

PATIENCE_S = 6.0
on_linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at in /proc")


class Clock:
    """Of one process; another one's may show any other time."""

    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def process(database):
    """Return the lease of a process with a clock of its own."""

    def start(owner, clock):
        return Lease(database, "telegram", owner=owner, patience_s=PATIENCE_S, clock=clock)

    return start


@pytest.fixture
def clocks():
    return Clock(1000.0), Clock(5.0)


async def test_one_process_holds_it_for_as_long_as_it_beats(process, clocks):
    first, second = process("a", clocks[0]), process("b", clocks[1])
    assert await first.beat()

    for _ in range(5):
        for clock in clocks:
            clock.now += 3.0
        assert await first.beat()
        assert not await second.beat()

    assert (first.held, second.held) == (True, False)


async def test_who_sees_the_beat_stand_still_takes_over_under_a_new_fence(process, clocks):
    first, second = process("a", clocks[0]), process("b", clocks[1])
    await first.beat()
    assert not await second.beat()

    clocks[1].now += PATIENCE_S - 0.1
    assert not await second.beat()
    clocks[1].now += 0.1
    assert await second.beat()

    assert second.fence == first.fence + 1


async def test_the_former_holder_gives_up_before_anybody_can_take_over_and_gets_nothing_back(process, clocks):
    first, second = process("a", clocks[0]), process("b", clocks[1])
    await first.beat()
    await second.beat()
    clocks[0].now += PATIENCE_S - 1.0
    assert not first.held
    clocks[1].now += PATIENCE_S
    await second.beat()

    assert not await first.beat()
    assert first.fence == 0
    assert second.held


async def test_a_late_beat_counts_from_when_it_began(process, clocks):
    first = process("a", clocks[0])
    await first.beat()
    clocks[0].now += PATIENCE_S
    assert not first.held

    assert await first.beat()
    assert first.held


async def test_a_clock_that_jumps_takes_nothing_away_from_a_process_that_beats(process, clocks):
    first, second = process("a", clocks[0]), process("b", clocks[1])
    await first.beat()
    await second.beat()
    clocks[1].now -= 100_000
    await first.beat()
    assert not await second.beat()
    clocks[1].now += 200_000
    await first.beat()

    # It has seen another beat since it looked: the waiting begins anew.
    assert not await second.beat()


async def test_what_was_released_is_taken_at_once(process, clocks):
    first, second = process("a", clocks[0]), process("b", clocks[1])
    await first.beat()
    await first.release()

    assert not first.held
    assert await second.beat()
    assert second.fence == 2
    # A late release of the former holder takes nothing away.
    await first.release()
    assert await second.beat()


@on_linux
async def test_a_dead_process_of_this_machine_is_not_waited_for(process, clocks):
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=subprocess.PIPE)
    assert await process(f"{socket.gethostname()}:{gone.pid}:{began(gone.pid)}", clocks[0]).beat()
    second = process("b", clocks[1])
    assert not await second.beat()

    gone.kill()
    await gone.communicate()

    assert await second.beat()


def began(pid):
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]


@on_linux
def test_a_process_is_dead_when_its_number_belongs_to_another_one():
    me = this_process()
    assert not is_dead(me)
    assert is_dead(me.rpartition(":")[0] + ":1")
    assert not is_dead("another-machine:1:1")
    assert not is_dead("a")


async def test_a_restarted_process_of_the_same_name_goes_on_under_a_new_fence(process, clocks, database):
    await process("a", clocks[0]).beat()

    again = process("a", clocks[1])
    assert await again.beat()

    async with database.reading() as session:
        row = await session.get(LeaseRow, "telegram")
    assert (row.owner, row.fence) == ("a", again.fence) == ("a", 2)


async def test_two_processes_that_begin_over_an_empty_table_at_once_share_nothing(process, clocks):
    first, second = process("a", clocks[0]), process("b", clocks[1])

    held = await asyncio.gather(first.beat(), second.beat())

    assert sorted(held) == [False, True]
