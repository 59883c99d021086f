"""The engines behind one interface."""

from pathlib import Path
from typing import Final

from support.settings import Settings
from workers.engines.base import Engine

# Four answers at once take a quantised model less than twice the time of one; a server batches by itself.
_SLOTS: Final = {"llama_cpp": 4, "openai": 4}


def create(settings: Settings) -> Engine:
    """Return the configured engine; it is not tried yet.

    Raises:
        ValueError: the settings or the installed packages do not suffice.
    """
    if settings.engine == "extractive":
        from workers.engines.extractive import ExtractiveEngine  # noqa: PLC0415  # a worker loads its own engine only

        return ExtractiveEngine()
    if settings.engine == "openai":
        from workers.engines.openai import OpenAIEngine  # noqa: PLC0415  # httpx costs start-up time and memory

        return OpenAIEngine(
            url=settings.llm_url or "",
            model=settings.llm_model,
            api_key=settings.llm_api_key,
            company=settings.company_name,
            adapters=settings.llm_adapters,
        )
    if settings.model_path is None:
        raise ValueError("ENGINE=llama_cpp needs MODEL_PATH")
    try:
        from workers.engines.llama.engine import LlamaEngine  # noqa: PLC0415  # an extra, and a heavy one
    except ModuleNotFoundError as error:
        raise ValueError(
            f"ENGINE=llama_cpp needs the package llama-cpp-python ({error.name} is missing): run make llama"
        ) from error

    return LlamaEngine(
        path=settings.model_path,
        slots=slots(settings),
        gpu_layers=settings.n_gpu_layers,
        company=settings.company_name,
        adapters={language: Path(path) for language, path in settings.llm_adapters.items()},
    )


def slots(settings: Settings) -> int:
    """How many jobs one process works on at once: SLOTS, or what suits the engine."""
    return settings.slots or _SLOTS.get(settings.engine, 1)
