"""How tests ask a batcher."""

import time

RULES = "Сколько стоит доставка? Returns take 14 days. " * 4


def soon(seconds=20.0):
    return time.time() + seconds


def answer(batcher, question, *, rules=RULES, budget=24, deadline=None, cancellation=None, **wishes):
    tokens = batcher.model.tokens
    asked = tokens(question)
    with batcher.open(
        tokens(rules), room=len(asked) + budget, deadline=deadline or soon(), cancellation=cancellation
    ) as sequence:
        return sequence.write(asked, budget=budget, **wishes)
