"""``otvet eval``: measure the product, or a part of it over somebody else's texts; one module a command."""

import click

from otvet.commands.evaluate.attacks import attacks
from otvet.commands.evaluate.calibrate import calibrate
from otvet.commands.evaluate.draft import draft
from otvet.commands.evaluate.everything import evaluate
from otvet.commands.evaluate.intents import intents
from otvet.commands.evaluate.judge import judge
from otvet.commands.evaluate.no_answer import no_answer
from otvet.commands.evaluate.retrieval import retrieval


@click.group("eval")
def evaluate_group() -> None:
    """Measure search, routing and answers over the basket of test questions, or over a collection of your own."""


for command in (evaluate, draft, retrieval, intents, no_answer, judge, attacks, calibrate):
    evaluate_group.add_command(command)
