"""``otvet eval judge`` over rows: words alone, the product's score and, where there is one, a judge model."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from otvet.errors import CommandError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluation.judge import JudgeReport, Measured
    from workers.engines.base import Opinion
    from workers.engines.remote_judge import RemoteJudge
    from workers.grounding.model import GroundingModel

PRODUCT = "the product's whole score"
UNBACKED = "the same without `backed`"
MODEL = "the model alone"
BOTH = "the product's whole score with the model"
FITTED = "words and model, fitted in 5 folds"


@dataclass(frozen=True, slots=True)
class Asking:
    """What is to be measured: the options of the command."""

    measured: Path | None
    """None: only ``weights`` are wanted."""
    folds: int | None
    trains: tuple[Path, ...]
    weights: Path | None
    number: int | None
    judge_url: str | None
    judge_model: str | None


def measure(asking: Asking) -> "JudgeReport | None":
    """Do what is asked; None when only weights were to be written.

    Raises:
        CommandError: the rows cannot be used, or the model cannot be asked.
    """
    from evaluation.json_lines import RowsError
    from workers.engines.base import EngineError

    try:
        return _measure(asking)
    except RowsError as error:
        raise CommandError(str(error)) from error
    except EngineError as error:
        raise CommandError(f"The judge model cannot be asked: {error}.") from error


def _measure(asking: Asking) -> "JudgeReport | None":
    from evaluation import judge as judging
    from evaluation import judge_fit

    # Whether the model is there shows before anything takes time.
    asked = None if asking.judge_model is None else _judge_model(asking.judge_url, asking.judge_model)
    trained = [judging.Measured.of(judging.load_judged(one)) for one in asking.trains]
    model = judge_fit.fit(trained) if trained and not asking.folds else None
    if model is not None and asking.weights is not None:
        names = [one.parent.name if one.stem == "judge" else one.stem for one in asking.trains]
        command = "otvet eval judge " + " ".join(f"--train {name}" for name in names) + " --weights FILE"
        asking.weights.write_text(model.dump({"command": command}), encoding="utf-8")
    if asking.measured is None:
        return None
    rows = judging.Measured.of(judging.drawn(judging.load_judged(asking.measured), asking.number))
    known = {(row.context, row.answer) for some in trained for row in some.rows}
    if repeated := sum((row.context, row.answer) in known for row in rows.rows):
        told = f"! {repeated} of {len(rows.rows)} rows measured stand among those learned, too: a training figure."
        click.echo(told, err=True)
    if asking.folds:
        odds = judge_fit.cross_validated(rows, asking.folds, trained)
        told = ", ".join([f"the other {asking.folds - 1} of {asking.folds} parts", *map(str, asking.trains)])
    elif model is not None:
        odds, told = model.log_odds(judge_fit.columns(rows, model.names)), ", ".join(map(str, asking.trains))
    else:
        odds, told = judging.shipped_log_odds(rows), "shipped"
    opinions = None if asked is None else _opinions(rows, asked)
    heard = [opinions is None or opinions[one] is not None for one in range(len(rows.rows))]
    others = _others(
        rows.only(heard), odds[heard], [one for one in opinions or () if one], model, whole=not asking.folds
    )
    report = judging.measure_judge(rows.only(heard), odds[heard], told, others)
    return report.model_copy(update={"model": asking.judge_model or "", "unheard": len(heard) - sum(heard)})


def _others(
    rows: "Measured",
    odds: "NDArray[np.float64]",
    opinions: "list[Opinion]",
    model: "GroundingModel | None",
    *,
    whole: bool,
) -> "dict[str, NDArray[np.float64]]":
    """Return further scores by name; ``whole``: the product's too, which takes no weights of folds."""
    import numpy as np

    from evaluation.judge_opinions import fitted_together
    from evaluation.judge_product import product_scores

    others: dict[str, NDArray[np.float64]] = {}
    if whole:
        others[PRODUCT], others[UNBACKED] = product_scores(rows.rows, grounding=model)
    if opinions:
        others[MODEL] = np.array([one.supported for one in opinions])
        if whole:
            others[BOTH] = product_scores(rows.rows, opinions, model)[0]
        together = fitted_together(rows.rows, odds, opinions, rows.labels)
        if together is not None:
            others[FITTED] = together
    return others


def _judge_model(url: str | None, name: str) -> "RemoteJudge":
    from otvet.composition import load_settings
    from workers import engines

    settings = load_settings(quiet=True)
    settings = settings.model_copy(update={"judge_model": name, "judge_url": url or settings.judge_url})
    address = settings.judge_url or settings.llm_url
    if not address:
        raise CommandError("--judge-model needs --judge-url (or JUDGE_URL), like http://localhost:8081/v1.")
    if not address.startswith(("http://", "https://")):
        raise CommandError(f"--judge-url {address}: an address like http://localhost:8081/v1 is wanted.")
    asked = engines.create_judge(settings)
    if asked is None:
        raise CommandError("--judge-model is empty: name the model.")
    asked.check()
    return asked


def _opinions(rows: "Measured", asked: "RemoteJudge") -> "list[Opinion | None]":
    from evaluation.judge_opinions import ask

    label = f"{asked.model} is asked about {len(rows.rows)} rows"
    with click.progressbar(length=len(rows.rows), label=label, show_pos=True, file=sys.stderr) as bar:
        return ask(rows.rows, asked, lambda: bar.update(1), time.sleep)
