"""Most in a process of their own: what is imported already cannot be imported lazily."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import pytest
from aiogram.methods.base import Response
from aiogram.types import Sticker

LATER = """
import bot
from aiogram.types import Message, Update
assert not Message.__pydantic_complete__, "built at once: bot/lazy_models.py does nothing any more"
message = {"message_id": 5, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "hi", "unheard_of": 1}
update = Update.model_validate({"update_id": 1, "message": message})
assert update.message.text == "hi" and update.message.chat.type == "private"
"""
ALL = """
import bot
import aiogram.methods, aiogram.types
from aiogram.methods.base import Response, TelegramMethod
from pydantic import BaseModel
for module in (aiogram.types, aiogram.methods):
    for name in module.__all__:
        model = getattr(module, name)
        if isinstance(model, type) and issubclass(model, BaseModel) and model is not TelegramMethod:
            assert model.model_rebuild() is not False and model.__pydantic_complete__, name
assert Response[list[aiogram.types.Update]].model_validate({"ok": True, "result": []}).result == []
"""
PLAIN = """
import sys
from pydantic import BaseModel
own = BaseModel.__dict__["model_rebuild"]
sys.path.insert(0, {folder!r})
{first}
import bot
assert BaseModel.__dict__["model_rebuild"] is own
import aiogram.types
assert aiogram.types.BUILDS_NOTHING
"""


def passes(program: str) -> None:
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_a_type_is_built_when_it_is_first_used() -> None:
    passes(LATER)


def test_what_answers_are_read_with_is_built_once() -> None:
    Response[Sticker].model_validate({"ok": False})
    first = weakref.ref(Response[Sticker])
    gc.collect()
    assert first() is not None


def test_every_type_and_every_method_of_aiogram_can_be_built_later() -> None:
    passes(ALL)


@pytest.mark.parametrize("first", ["import aiogram.types", ""])
def test_an_aiogram_that_is_imported_already_or_builds_otherwise_is_left_alone(tmp_path: Path, first: str) -> None:
    package = tmp_path / "aiogram" / "types"
    package.mkdir(parents=True)
    (tmp_path / "aiogram" / "__init__.py").touch()
    (package / "__init__.py").write_text("BUILDS_NOTHING = True\n")
    passes(PLAIN.format(folder=str(tmp_path), first=first))
