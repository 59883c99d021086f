"""``otvet eval``: measure the product."""

# what a command needs is imported when it runs, so that --help is fast

import click


@click.group("eval")
def evaluate_group() -> None:
    """Measure search, routing and answers over the basket of test questions."""
