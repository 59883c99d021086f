"""A job → the messages for a chat model: fixed rules, then passages, history, question and instruction.

Customers' and documents' words stand between tags as data; they cannot close their tag, because what looks like one of
ours in them is taken apart.
"""

import re
from collections.abc import Sequence
from typing import Final

from support.jobs import Exchange, GenerationJob, JobPassage, Language
from workers.promptbook import template

_OUR_TAGS: Final = re.compile(r"<(\s*/?\s*(?:passage|message|question|system|im_start|im_end|\|))", re.IGNORECASE)


def messages(job: GenerationJob, *, company: str = "", criticism: Sequence[str] = ()) -> list[dict[str, str]]:
    """Return chat messages; what changes least comes first, so that servers can reuse their cache."""
    return [
        {"role": "system", "content": _system(job.language, company)},
        {"role": "user", "content": _task(job, criticism)},
    ]


def _system(language: Language, company: str) -> str:
    of_company = {"ru": f" компании «{company}»", "en": f" of {company}"}[language] if company else ""
    return template(language, "system").replace("{company}", of_company).strip()


def _task(job: GenerationJob, criticism: Sequence[str]) -> str:
    places = {
        "passages": "\n".join(_passage(passage) for passage in job.passages),
        "history": history(job.history, job.language),
        "question": defused(job.question),
    }
    text = filled(template(job.language, "task"), places)
    if criticism:
        problems = "\n".join(f"- {problem}" for problem in criticism)
        text += filled(template(job.language, "criticism"), {"problems": problems})
    return text.strip()


def history(exchanges: Sequence[Exchange], language: Language) -> str:
    """Return what was said before as a block of the prompt, nothing when nothing was."""
    if not exchanges:
        return ""
    lines = [f'<message from="{e.speaker}">{defused(e.text)}</message>' for e in exchanges]
    return filled(template(language, "history"), {"messages": "\n".join(lines)})


def _passage(passage: JobPassage) -> str:
    heading = defused(passage.heading).replace('"', "'")
    question = f"{defused(passage.question)}\n" if passage.question else ""
    body = f"{question}{defused(passage.text)}"
    return f'<passage number="{passage.number}" heading="{heading}">\n{body}\n</passage>'


def defused(text: str) -> str:
    """Return the text without anything that could be read as one of our tags or a model's special token."""
    return _OUR_TAGS.sub("‹\\1", text)


def filled(text: str, places: dict[str, str]) -> str:
    """Put texts into a template's ``{places}``."""
    # One pass: braces in customers' words are never places.
    return re.sub(r"\{(\w+)\}", lambda match: places.get(match[1], match[0]), text)
