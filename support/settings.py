"""Configuration: one class, read from the environment and ``.env`` in composition roots only."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from support.orders import queries

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
# Bot API, setWebhook, secret_token.
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")


class SettingsError(Exception):
    """The configuration cannot be used; the message says which key and what to do."""


def _split_ids(value: object) -> object:
    if isinstance(value, int):
        return (value,)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _split_pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(middle and name.strip() for _, middle, name in pairs):
        raise ValueError("must look like ru=adapter,en=another")
    return {language.strip(): name.strip() for language, _, name in pairs}


def _order_fields(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(name.strip() and place.strip() for name, _, place in pairs):
        raise ValueError("must look like status=state,eta=delivery.date: our column, then the field there")
    return {name.strip(): place.strip() for name, _, place in pairs}


def _orders_url(value: str) -> str:
    if value:
        _address(value.replace("{number}", "0"))
    return value


def _orders_query(value: str) -> str:
    return queries.check(value) if value else value


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its message quotes the port
        valid = False
    if not valid:
        raise ValueError("must be an address like http://host:port")
    return value


def _without_last_slash(value: str) -> str:
    return value.rstrip("/")


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not _WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("must be 1 to 256 characters, of A-Z a-z 0-9 _ and - only")
    return value


Ids = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_split_ids)]
Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_ids)]
OrderColumn = Literal[
    "order_number", "status", "customer_name", "phone", "email",
    "created_at", "eta", "carrier", "tracking", "items", "total",
]  # fmt: skip
OrderFields = Annotated[dict[OrderColumn, str], NoDecode, BeforeValidator(_order_fields)]
ByLanguage = Annotated[dict[Literal["ru", "en"], str], NoDecode, BeforeValidator(_split_pairs)]
Address = Annotated[str, AfterValidator(_address)]
HttpUrl = Annotated[Address, AfterValidator(_without_last_slash)]


class Settings(BaseSettings):
    """Every key the product reads. Names are fixed; ``.env.example`` explains them."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    bot_token: SecretStr = SecretStr("")
    telegram_api_url: HttpUrl = "https://api.telegram.org"
    operators_chat_id: Ids = ()
    admin_ids: Ids = ()
    operators_language: Literal["ru", "en"] = "ru"
    webhook_url: Address | None = None
    webhook_port: int = Field(default=8080, ge=1, le=65535)
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] = SecretStr("")

    data_dir: Path = Path("data")
    database_url: str = ""
    redis_url: str = ""
    knowledge_dir: Path = Path("knowledge_base")
    intents_file: Path | None = None
    desk_file: Path | None = None

    engine: Literal["extractive", "llama_cpp", "openai"] = "extractive"
    llm_url: HttpUrl | None = None
    llm_model: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_adapters: ByLanguage = {}
    model_path: Path | None = None
    n_gpu_layers: int = Field(default=0, ge=-1)
    slots: int | None = Field(default=None, ge=1, le=64)

    judge_url: HttpUrl | None = None
    judge_model: str = ""
    judge_api_key: SecretStr = SecretStr("")

    embedding_model: str = ""
    reranker_model: str = ""

    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"

    orders_url: Annotated[str, AfterValidator(_orders_url)] = ""
    orders_token: SecretStr = SecretStr("")
    orders_fields: OrderFields = {}
    orders_database_url: SecretStr = SecretStr("")
    orders_query: Annotated[str, AfterValidator(_orders_query)] = ""

    answer_threshold: float = Field(default=0.75, ge=0, le=1)
    shown_addresses: Listed = ()
    audit_one_in: int = Field(default=20, ge=0, le=100_000)
    answer_deadline_s: float = Field(default=60, ge=1, le=3600)
    company_name: str = ""

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _engine_is_complete(self) -> "Settings":
        if self.engine == "openai" and not (self.llm_url and self.llm_model):
            raise ValueError("ENGINE=openai needs LLM_URL (like http://localhost:11434/v1) and LLM_MODEL")
        if self.engine == "llama_cpp" and self.model_path is None:
            raise ValueError("ENGINE=llama_cpp needs MODEL_PATH, a GGUF file (otvet model pull gets one)")
        if self.judge_model and not (self.judge_url or self.llm_url):
            raise ValueError("JUDGE_MODEL needs JUDGE_URL (like http://localhost:11434/v1), or LLM_URL for the same")
        if self.judge_url and not self.judge_model:
            raise ValueError("JUDGE_URL needs JUDGE_MODEL, the model's name there")
        return self

    @model_validator(mode="after")
    def _orders_are_complete(self) -> "Settings":
        by_query = bool(self.orders_database_url.get_secret_value())
        if self.orders_url and by_query:
            raise ValueError("ORDERS_URL and ORDERS_DATABASE_URL are both set: orders come from one place")
        if by_query != bool(self.orders_query):
            raise ValueError("ORDERS_DATABASE_URL and ORDERS_QUERY belong together: set both or neither")
        return self

    @property
    def threshold_is_set(self) -> bool:
        """Whether somebody has set ANSWER_THRESHOLD: calibrated thresholds do not count then."""
        return "answer_threshold" in self.model_fields_set

    @property
    def sql_url(self) -> str:
        """SQLAlchemy address with an async driver; SQLite in DATA_DIR unless DATABASE_URL is set."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'otvet.db'}"
        url = self.database_url
        for plain, driver in (
            ("postgres://", "postgresql+asyncpg://"),
            ("postgresql://", "postgresql+asyncpg://"),
            ("sqlite://", "sqlite+aiosqlite://"),
        ):
            if url.startswith(plain):
                return driver + url.removeprefix(plain)
        return url

    @property
    def releases_dir(self) -> Path:
        """Where knowledge releases lie."""
        return self.data_dir / "releases"


def load(**overrides: object) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a key is malformed; the message names every such key and never its value.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates what the command line passes
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in problem['loc']).upper() or 'settings'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("Configuration cannot be used:\n  " + "\n  ".join(lines)) from None
