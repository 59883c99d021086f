"""aiogram's types, each made ready when it is first used: all at once they take seconds and a hundred megabytes.

Importing ``aiogram.types`` makes pydantic build a validator for each of 440 types, every one with all that it refers
to. pydantic can do it later by itself (``defer_build``, which aiogram sets), if the types' names are known then: so the
one loop that builds them is only listened to. Where aiogram is imported already, or builds otherwise, nothing is done.
"""

import importlib
import sys
import threading
from typing import Any, Final

from pydantic import BaseModel

_building: Final = threading.RLock()
"""pydantic does not let two threads build the same type."""
_responses: Final[set[type[BaseModel]]] = set()
"""aiogram asks for ``Response[Message]`` with every call; nobody else holds it, and to build it anew takes long."""


def import_types() -> None:
    """Import ``aiogram.types`` without building them."""
    if "aiogram.types" in sys.modules:
        return
    known: dict[str, Any] = {}

    def listen(_: type[BaseModel], /, *, _types_namespace: dict[str, Any] | None = None, **__: object) -> None:
        known.update(_types_namespace or {})

    build = BaseModel.__dict__["model_rebuild"]
    BaseModel.model_rebuild = classmethod(listen)  # type: ignore[method-assign, assignment]  # while aiogram is imported
    try:
        importlib.import_module("aiogram.types")
    finally:
        BaseModel.model_rebuild = build  # type: ignore[method-assign]
    if known:
        _build_later(known)


def _build_later(known: dict[str, Any]) -> None:
    """Give the types' names to pydantic whenever it builds one of aiogram's types, methods or responses."""
    types, methods = (importlib.import_module(f"aiogram.{name}.base") for name in ("types", "methods"))
    rebuild = BaseModel.__dict__["model_rebuild"].__func__

    def build(
        cls: type[BaseModel],
        *,
        force: bool = False,
        raise_errors: bool = True,
        _parent_namespace_depth: int = 2,
        _types_namespace: dict[str, Any] | None = None,
    ) -> bool | None:
        with _building:
            names = known if _types_namespace is None else _types_namespace
            built: bool | None = rebuild(cls, force=force, raise_errors=raise_errors, _types_namespace=names)
            if issubclass(cls, methods.Response):
                _responses.add(cls)
        return built

    for base in (types.TelegramObject, methods.TelegramMethod, methods.Response):
        base.model_rebuild = classmethod(build)
