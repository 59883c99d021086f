"""The engines behind one interface."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from support.settings import Settings
from workers.engines.base import Engine

if TYPE_CHECKING:
    from workers.engines.remote_judge import RemoteJudge

# Four answers at once take a quantised model less than twice the time of one; a server batches by itself.
_SLOTS: Final = {"llama_cpp": 4, "openai": 4}
# Quoting takes no time, but a judge model is waited for.
_JUDGED: Final = 4


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
        gives_opinion=not settings.judge_model,
    )


def create_judge(settings: Settings) -> "RemoteJudge | None":
    """Return the judge model, if one is configured; it is not tried yet."""
    if not settings.judge_model:
        return None
    from workers.engines.remote_judge import RemoteJudge  # noqa: PLC0415  # httpx costs start-up time and memory
    from workers.engines.server import Server  # noqa: PLC0415

    url, key, key_setting = settings.judge_url or settings.llm_url or "", settings.judge_api_key, "JUDGE_API_KEY"
    # The key of one server is no other's business.
    if url == settings.llm_url and not key.get_secret_value():
        key, key_setting = settings.llm_api_key, "LLM_API_KEY"
    server = Server(url=url, api_key=key, key_setting=key_setting)
    return RemoteJudge(server=server, model=settings.judge_model, company=settings.company_name)


def slots(settings: Settings) -> int:
    """How many jobs one process works on at once: SLOTS, or what suits the engine."""
    return settings.slots or _SLOTS.get(settings.engine, _JUDGED if settings.judge_model else 1)
