"""A calibration in sentences for whoever runs the shop."""

from collections.abc import Iterator

from evaluation.calibration import Calibration, LanguageCalibration


def render(calibration: Calibration) -> str:
    """Return the calibration as lines of plain text."""
    return "\n".join(_lines(calibration))


def _lines(calibration: Calibration) -> Iterator[str]:
    wanted, sure = f"{100 * calibration.max_wrong:g} %", f"{100 * calibration.confidence:g} %"
    yield f"Wanted: at most {wanted} of the answers sent are wrong, at {sure} confidence."
    if calibration.looks > 1:
        yield f"One of {calibration.looks} looks: each is held to {100 * _level(calibration):.2g} % doubt."
    if not calibration.languages:
        told = calibration.fewest
        yield f"No answer has been judged yet: {told} a language are missing at the least, if none is wrong."
    for one in calibration.languages:
        yield from ("", *_language(calibration, one))
    if sum(one.chosen is not None for one in calibration.languages) > 1:
        both = 1 - (1 - calibration.confidence) * sum(one.chosen is not None for one in calibration.languages)
        yield f"\nEach language is a claim of its own; all of them hold together with {100 * both:.3g} % at least."


def _language(calibration: Calibration, one: LanguageCalibration) -> Iterator[str]:
    yield f"{one.language}: {one.labels} judged answers, {one.wrong} of them wrong or not to be told"
    for step in one.tested:
        mark = "passes" if step.passed else "fails"
        yield (
            f"  from {step.threshold:.2f}: {step.answers:>5} answers, {step.wrong:>3} wrong,"
            f" at most {step.bound:>6.1%}  {mark}"
        )
    if one.chosen is not None:
        yield f"  → {one.chosen.threshold:.2f} is the lowest threshold that keeps what is wanted."
    else:
        about, like = ("about ", "they score like these and ") if one.wrong else ("", "")
        yield f"  → No threshold yet: {about}{one.missing} more judged answers are missing, if {like}all are right."
    now = one.in_force
    if now is not None:
        yield (
            f"  In force: {now.threshold:.2f}. Of {now.answers} judged answers that it lets through {now.wrong} are "
            f"wrong: between {now.at_least:.1%} and {now.bound:.1%} of all."
        )
        if one.chosen is None and now.bound > calibration.max_wrong:
            yield "  It stays in force; these answers alone guarantee nothing about it yet."
        if now.at_least > calibration.max_wrong:
            yield "  ! More is wrong than wanted: raise ANSWER_THRESHOLD, or take a calibrated one back (--revert)."


def _level(calibration: Calibration) -> float:
    return (1 - calibration.confidence) / calibration.looks
