"""Everything that the knowledge base says of files is said in Russian too."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import knowledge
from bot.reasons import place, reason
from knowledge.documents import SourceError
from knowledge.loaders import kinds

FOLDER = Path(knowledge.__file__).parent
RAISED = {"UnreadableError", "ReleaseError", "SourcesError", "IntakeError", "BuildRunningError"}
SAMPLE = "xyz"


def sentences() -> Iterator[str]:
    """Yield what the code of knowledge/ says, with a sample where something differs."""
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for told in spoken(node):
                for text in texts(told):
                    # What follows a name that a caller puts before it is a sentence of its own.
                    yield text if text.startswith(f"{SAMPLE} ") else text.removeprefix(SAMPLE)
    for told in kinds._ADVICE.values():
        yield told


def spoken(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(id="SourceError"), args=[_, _, told, *_]):
            yield told
        case ast.Call(func=ast.Name(id=name), args=[told, *_]) if name in RAISED:
            yield told
        case ast.Call(func=ast.Attribute(attr="refuse"), args=[_, told]):
            yield told
        case ast.Assign(targets=[ast.Name(id="reason" | "newer")], value=told):
            yield told
        case ast.FunctionDef(name="_reason" | "_nothing_to_index"):
            yield from (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value)


def texts(told: ast.expr) -> Iterator[str]:
    match told:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(part.value if isinstance(part, ast.Constant) else SAMPLE for part in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)


def test_every_sentence_of_the_knowledge_base_has_a_russian_one() -> None:
    found = {text for text in sentences() if len(text.split()) > 1}
    assert len(found) > 80
    assert {text for text in found if not re.search("[а-я]", reason(text, "ru"))} == set()


def test_a_composed_sentence_is_translated_in_all_its_parts() -> None:
    told = reason("the answer to “Why?” answers until 2026-01-01 only: from then on “b.md” is newer (2026-01-02)", "ru")
    assert told == "ответ на «Why?» отвечает только до 2026-01-01: потом «b.md» новее (2026-01-02)"
    assert reason("entry 3 has no question", "ru") == "запись 3: нет вопроса"


def test_what_the_catalogue_lacks_stays_as_it_is() -> None:
    assert reason("something new", "ru") == "something new"
    assert reason("is empty", "en") == "is empty"


def test_lines_and_pages_are_named_in_the_language() -> None:
    assert place(SourceError("a.pdf", None, "is empty", page=3), "ru") == "a.pdf, страница 3"
    assert place(SourceError("a.csv", 2, "is empty"), "ru") == "a.csv, строка 2"
    assert place(SourceError("a.csv", 2, "is empty"), "en") == "a.csv, line 2"
