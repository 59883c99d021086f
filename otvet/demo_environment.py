"""The demo's environment: the fixed world of the sandbox, and nothing of the user's own bot."""

from collections.abc import Mapping
from pathlib import Path

from support.settings import PACKAGE_ROOT, Settings

SHOP = PACKAGE_ROOT / "otvet" / "demo_shop"
# sandbox/CONTRACT.md, «Fixed world»
DEMO_TOKEN = "1000001:demo"  # noqa: S105  # the sandbox's bot: nothing outside this machine knows it
DEMO_GROUP = "-1001000000001"
DEMO_ADMIN = "9001"
TAKEN_OVER = (
    *("ENGINE", "LLM_URL", "LLM_MODEL", "LLM_API_KEY", "LLM_ADAPTERS", "MODEL_PATH", "N_GPU_LAYERS", "SLOTS"),
    *("JUDGE_URL", "JUDGE_MODEL", "JUDGE_API_KEY"),
    *("ANSWER_THRESHOLD", "ANSWER_DEADLINE_S", "EMBEDDING_MODEL", "RERANKER_MODEL", "AUDIT_ONE_IN"),
)


def demo_environment(outer: Mapping[str, str], *, folder: Path, api_url: str, redis_url: str) -> dict[str, str]:
    """Return the whole environment of the demo's processes.

    Of the user's settings only those of the models and AUDIT_ONE_IN are taken over; LLM_URL alone means ENGINE=openai,
    MODEL_PATH alone ENGINE=llama_cpp.
    """
    known = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in outer.items() if name.upper() not in known}
    environment |= {name: outer[name] for name in TAKEN_OVER if outer.get(name)}
    if "LLM_URL" in environment:
        environment.setdefault("ENGINE", "openai")
    if "MODEL_PATH" in environment:
        environment.setdefault("ENGINE", "llama_cpp")
        # The demo's processes work in folders of their own.
        environment["MODEL_PATH"] = str(Path(environment["MODEL_PATH"]).absolute())
    for key in ("EMBEDDING_MODEL", "RERANKER_MODEL"):
        if key in environment and Path(environment[key]).is_dir():
            environment[key] = str(Path(environment[key]).absolute())
    return environment | {
        "BOT_TOKEN": DEMO_TOKEN,
        "TELEGRAM_API_URL": api_url,
        "OPERATORS_CHAT_ID": DEMO_GROUP,
        "ADMIN_IDS": DEMO_ADMIN,
        "DATA_DIR": str(folder),
        "REDIS_URL": redis_url,
        "KNOWLEDGE_DIR": str(folder / "knowledge"),
        "LOG_LEVEL": outer.get("LOG_LEVEL") or "WARNING",
    }
