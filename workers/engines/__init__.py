"""The engines behind one interface."""

from support.settings import Settings
from workers.engines.base import Engine


def create(settings: Settings) -> Engine:
    """Return the configured engine; it is not tried yet.

    Raises:
        ValueError: this version has no such engine.
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
        )
    raise ValueError(f"ENGINE={settings.engine} is not part of this version: use extractive, or openai with LLM_URL")
