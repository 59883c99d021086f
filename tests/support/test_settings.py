import pytest

from support import settings
from support.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """Neither this machine's environment nor its .env counts."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(("value", "ids"), [("-1001, -1002", (-1001, -1002)), ("7", (7,)), (7, (7,)), (" ,", ())])
def test_ids_are_separated_by_commas(value, ids):
    assert settings.load(operators_chat_id=value).operators_chat_id == ids


@pytest.mark.parametrize(
    ("value", "adapters"),
    [("ru=shop-ru.gguf, en=a=b", {"ru": "shop-ru.gguf", "en": "a=b"}), ("en=x,", {"en": "x"}), ("", {})],
)
def test_adapters_are_named_by_language(value, adapters):
    assert settings.load(llm_adapters=value).llm_adapters == adapters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("llm_adapters", "secret-value"),
        ("llm_adapters", "secret-value=x"),
        ("operators_chat_id", "the-group"),
        ("telegram_api_url", "ftp://secret-value"),
        ("answer_threshold", "secret-value"),
        ("answer_deadline_s", 0),
        ("slots", 0),
        ("webhook_url", "secret-value.example/hook"),
        ("webhook_url", "https://host:secret-value"),
        ("webhook_url", "https://host:99999"),
        ("webhook_url", "https://:8443"),
        ("webhook_url", "http://[secret-value"),
        ("webhook_port", 0),
        ("webhook_port", 65536),
        ("webhook_secret", "secret-value!"),
        ("webhook_secret", "secret-value\n"),
        ("webhook_secret", "s" * 257),
        ("log_format", "secret-value"),
    ],
)
def test_a_malformed_key_is_named_and_its_value_is_not(name, value):
    with pytest.raises(SettingsError) as caught:
        settings.load(**{name: value})

    assert name.upper() in str(caught.value)
    assert "secret-value" not in str(caught.value)
    assert "the-group" not in str(caught.value)


def test_several_mistakes_are_named_at_once():
    with pytest.raises(SettingsError, match=r"(?s)SLOTS.*ANSWER_THRESHOLD"):
        settings.load(slots=0, answer_threshold=2)


def test_an_engine_without_its_address_says_what_is_missing():
    with pytest.raises(SettingsError, match="LLM_URL"):
        settings.load(engine="openai")


@pytest.mark.parametrize(
    ("half", "missing"), [({"judge_model": "m"}, "JUDGE_URL"), ({"judge_url": "http://h/v1"}, "JUDGE_MODEL")]
)
def test_half_a_judge_says_what_is_missing(half, missing):
    with pytest.raises(SettingsError, match=f"needs {missing}"):
        settings.load(**half)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
    ],
)
def test_a_database_address_gets_its_async_driver(given, used):
    assert settings.load(database_url=given).sql_url == used


def test_without_an_address_the_database_lies_in_the_data_folder(tmp_path):
    loaded = settings.load(data_dir=tmp_path / "d")

    assert loaded.sql_url == f"sqlite+aiosqlite:///{tmp_path / 'd' / 'otvet.db'}"


def test_secrets_do_not_show():
    loaded = settings.load(bot_token="1000001:hidden", llm_api_key="hidden", webhook_secret="hidden")

    assert "hidden" not in repr(loaded)


def test_an_address_loses_its_last_slash():
    assert settings.load(telegram_api_url="http://h:1/").telegram_api_url == "http://h:1"


@pytest.mark.parametrize("url", ["https://support.example/hook/", "http://127.0.0.1:8081", "https://h/b?from=1"])
def test_a_webhooks_address_stays_as_it_is(url):
    loaded = settings.load(webhook_url=url)

    assert loaded.webhook_url == url


def test_a_webhooks_secret_may_hold_letters_digits_and_two_signs():
    loaded = settings.load(webhook_secret="Az09_-" + "s" * 250)

    assert loaded.webhook_secret.get_secret_value().startswith("Az09_-")


def test_without_a_webhook_the_defaults_hold():
    loaded = settings.load()

    assert (loaded.webhook_url, loaded.webhook_port, loaded.webhook_secret.get_secret_value()) == (None, 8080, "")


def test_a_wrong_secret_is_answered_with_what_is_allowed():
    with pytest.raises(SettingsError, match="1 to 256 characters"):
        settings.load(webhook_secret="so secret")


def test_a_model_in_the_worker_needs_its_file():
    with pytest.raises(SettingsError, match="MODEL_PATH"):
        settings.load(engine="llama_cpp")
    assert settings.load(engine="llama_cpp", model_path="model.gguf").n_gpu_layers == 0


def test_orders_come_from_one_place_and_its_settings_are_whole():
    loaded = settings.load(
        orders_url="https://shop/api/{number}?full=1",
        orders_token="hidden",
        orders_fields="status=state, eta=delivery.date",
    )
    assert loaded.orders_fields == {"status": "state", "eta": "delivery.date"}
    assert "hidden" not in repr(loaded)
    by_query = {"orders_database_url": "sqlite:///o.db", "orders_query": "SELECT * FROM o WHERE n = :number;"}
    assert settings.load(**by_query).orders_query == "SELECT * FROM o WHERE n = :number"

    for wrong, says in (
        ({"orders_url": "shop/orders"}, "ORDERS_URL: .*must be an address"),
        ({"orders_fields": "state"}, "ORDERS_FIELDS: .*status=state,eta=delivery.date"),
        ({"orders_fields": "state=status"}, "ORDERS_FIELDS"),
        ({"orders_url": "http://shop/", **by_query}, "both set"),
        ({"orders_query": by_query["orders_query"]}, "belong together"),
        ({**by_query, "orders_query": "DELETE FROM o"}, "ORDERS_QUERY: .*SELECT"),
    ):
        with pytest.raises(SettingsError, match=says):
            settings.load(**wrong)
