"""Ready-made worlds: the one of ``otvet demo``, and a small one for tests."""

import time
from collections.abc import Callable

from sandbox.telegram.state import World

DEMO_TOKEN = "1000001:demo"  # noqa: S105 - the sandbox's public token
OPERATORS_CHAT_ID = -1001000000001
MARIA, JAMES = 9001, 9002
ANNA, OLEG, EMMA, TOM = 101, 102, 103, 104


def empty_world(*, limits: bool = False, clock: Callable[[], float] = time.time, privacy_mode: bool = True) -> World:
    """A bot without anybody: tests add people and groups."""
    return World(token=DEMO_TOKEN, username="otvet_demo_bot", limits=limits, clock=clock, privacy_mode=privacy_mode)


def demo_world(*, limits: bool = True, clock: Callable[[], float] = time.time) -> World:
    """Four customers, two operators and their forum group."""
    world = empty_world(limits=limits, clock=clock)
    world.add_user("Анна", last_name="Смирнова", user_id=ANNA, language_code="ru", phone="+79161234501")
    world.add_user("Олег", user_id=OLEG, language_code="ru", phone="+79161234502")
    world.add_user("Emma", last_name="Wilson", user_id=EMMA, language_code="en", phone="+447700900103")
    world.add_user("Tom", last_name="Baker", user_id=TOM, language_code="en", phone="+447700900104")
    world.add_user("Мария", user_id=MARIA, username="maria_support", language_code="ru")
    world.add_user("James", user_id=JAMES, username="james_support", language_code="en")
    world.add_group(OPERATORS_CHAT_ID, "Операторы · Operators")
    world.add_member(OPERATORS_CHAT_ID, MARIA, "creator")
    world.add_member(OPERATORS_CHAT_ID, JAMES, "administrator")
    return world
