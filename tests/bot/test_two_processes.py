"""Two processes of the bot behind one webhook, as processes, with a round-robin proxy before them."""

import tempfile
from pathlib import Path

import pytest

from benchmarks.crowd import Plan
from benchmarks.pair import outlive_the_sender
from otvet.redis_server import find_binary

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_binary() is None, reason="no redis-server on this machine"),
]


@pytest.mark.every_database
async def test_two_bots_answer_everything_once_and_in_order_though_the_one_that_sends_is_killed(database_url):
    folder = Path(tempfile.mkdtemp(prefix="otvet-"))  # a socket's path must be short
    plan = Plan(customers=6, messages=4, talkers=1, talks=3, pause_s=0.3)

    outcome = await outlive_the_sender(database_url, folder, plan, kill_after_s=2, seed=1)

    verdict = outcome.verdict
    assert verdict.faults == []
    assert verdict.messages == 6 * 4
    assert verdict.answered + verdict.by_person + len(verdict.folded) == verdict.messages
    # What the killed process was sending at that moment: nobody knows whether it arrived.
    assert verdict.twice_when_unknown <= 6
