"""What a desk file means, in words, and what in it cannot be meant so: for ``otvet desk check``."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from support import hours
from support.desk_file import DAYS, DeskFile, Hours, Opening, Rule
from support.rules import REPEATED_WITHIN


def in_words(file: DeskFile, now: datetime) -> Iterator[str]:
    """Say the file's meaning, a line a subject."""
    yield _hours(file.hours, now)
    yield (
        f"A customer has a first answer within {file.sla.first_reply_min} minutes of opening hours, further ones "
        f"within {file.sla.next_reply_min}; else the operator is reminded, {file.sla.remind_all_after_min} minutes "
        "later everybody."
    )
    yield _assignment(file)
    yield _closing(file)
    yield from (
        f"Subject {name}: group {subject.group}, «{subject.label_ru}» / “{subject.label_en}”."
        for name, subject in file.subjects.items()
    )
    if not file.rule:
        yield "No rules: a person is called when the customer asks for one, or when the bot is not sure."
    yield from (f"Rule {number}, «{rule.name}»: {meaning(rule)}." for number, rule in enumerate(file.rule, start=1))


def meaning(rule: Rule) -> str:
    """Say a rule in one line."""
    conditions = []
    if rule.words:
        conditions.append(f"the message holds {_any_of(rule.words)}")
    if rule.intents:
        conditions.append(f"it is about {_any_of(rule.intents)}")
    if rule.anger is not None:
        conditions.append("it is angry" if rule.anger else "it is not angry")
    if rule.repeated_question is not None:
        minutes = int(REPEATED_WITHIN.total_seconds() // 60)
        conditions.append(f"the same was asked {rule.repeated_question} times within {minutes} minutes")
    if rule.amount_over is not None:
        conditions.append(f"it names a sum above {rule.amount_over:,.0f}".replace(",", " "))
    if rule.out_of_hours is not None:
        conditions.append("the desk is closed" if rule.out_of_hours else "the desk is open")
    effects = ["a person is called"]
    effects += ["urgent"] if rule.urgent else []
    effects += [f"to {rule.subject}"] if rule.subject else []
    return f"when {' and '.join(conditions)} → {', '.join(effects)}"


def doubts(file: DeskFile, intents: Collection[str], groups: Collection[int]) -> Iterator[str]:
    """Say what in the file can never happen or leads nowhere. ``groups``: OPERATORS_CHAT_ID, empty when not known."""
    for name, subject in file.subjects.items():
        if groups and subject.group not in groups:
            yield f"subjects.{name}: group {subject.group} is none of OPERATORS_CHAT_ID"
    for number, rule in enumerate(file.rule, start=1):
        earlier = file.rule[: number - 1]
        yield from (f"rule {number}, «{rule.name}»: {doubt}" for doubt in _doubts(rule, earlier, file, intents))


def _doubts(rule: Rule, earlier: Sequence[Rule], file: DeskFile, intents: Collection[str]) -> Iterator[str]:
    unknown = [name for name in rule.intents if name not in intents]
    if unknown:
        never = ": it can never hold" if len(unknown) == len(rule.intents) else ""
        yield f"there is no intent {_any_of(unknown)} in the intents' file{never}"
    if any(not word.strip() for word in rule.words):
        yield "an empty word is in no message"
    if rule.out_of_hours and not any(file.hours.week.values()) and not file.hours.closed_on:
        yield "it can never hold: without [hours.week] the desk is always open"
    if rule.subject is not None and rule.subject not in file.subjects:
        yield f"there is no [subjects.{rule.subject}]: the conversation stays where it is"
    if any(rule.name == other.name for other in earlier):
        yield "another rule has the same name: cards could not tell them apart"
    before = next((other for other in earlier if _covers(other, rule)), None)
    if before is not None:
        yield f"it never decides: whenever it holds, «{before.name}» above it does too"


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether the earlier rule holds whenever the later one does."""
    return (
        (not earlier.words or (bool(later.words) and set(later.words) <= set(earlier.words)))
        and (not earlier.intents or (bool(later.intents) and set(later.intents) <= set(earlier.intents)))
        and earlier.anger in {None, later.anger}
        and earlier.out_of_hours in {None, later.out_of_hours}
        and (earlier.repeated_question is None or (later.repeated_question or 0) >= earlier.repeated_question)
        and (earlier.amount_over is None or (later.amount_over or 0.0) >= earlier.amount_over)
    )


def _hours(file: Hours, now: datetime) -> str:
    if not any(file.week.values()) and not file.closed_on:
        return "Operators work around the clock."
    local = hours.local(file, now)
    today = file.week.get(DAYS[local.weekday()], ()) if any(file.week.values()) else ()
    if local.date() in file.closed_on:
        said = "closed, a holiday"
    elif today:
        said = ", ".join(map(_opening, today))
    else:
        said = "closed" if any(file.week.values()) else "open all day"
    state = "open" if hours.is_open(file, now) else "closed"
    opens = hours.next_opening(file, now)
    then = "" if state == "open" or opens is None else f"; it opens {hours.local(file, opens):%a %d.%m at %H:%M}"
    return f"Today ({local:%a %d.%m}, {file.zone}): {said}. Now, {local:%H:%M}, the desk is {state}{then}."


def _opening(opening: Opening) -> str:
    return f"{opening.begins:%H:%M}–{opening.ends:%H:%M}"


def _assignment(file: DeskFile) -> str:
    most = f"by themselves, {file.assignment.most_each} at most each"
    ways = {
        "none": "Whoever takes a conversation has it",
        "round_robin": f"Operators get conversations in turn, {most}",
        "least_busy": f"Whoever has the fewest gets the next conversation, {most}",
    }
    return (
        f"{ways[file.assignment.way]}; customers {'see' if file.assignment.show_names else 'do not see'} who answers."
    )


def _closing(file: DeskFile) -> str:
    rating = "; then the customer is asked for a rating" if file.closing.ask_rating else ""
    if not file.closing.warn_after_h:
        return f"Only operators close conversations{rating}."
    return (
        f"A customer who is silent for {file.closing.warn_after_h:g} hours after an operator's words is warned; "
        f"{file.closing.close_after_warning_h:g} hours later the conversation closes{rating}."
    )


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(names)
