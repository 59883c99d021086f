from pathlib import Path

from otvet.demo_environment import demo_environment
from support.settings import Settings


def made_from(outer: dict[str, str]) -> dict[str, str]:
    return demo_environment(outer, folder=Path("/demo"), api_url="http://127.0.0.1:8181", redis_url="unix:///r")


def test_the_users_own_bot_does_not_leak_into_the_demo():
    environment = made_from(
        {"BOT_TOKEN": "42:real", "DATABASE_URL": "postgresql://real", "operators_chat_id": "-7", "PATH": "/bin"}
    )
    assert environment["BOT_TOKEN"] == "1000001:demo"
    assert environment["OPERATORS_CHAT_ID"] == "-1001000000001"
    assert "DATABASE_URL" not in environment
    assert "operators_chat_id" not in environment
    assert environment["PATH"] == "/bin"


def test_a_language_model_of_the_user_is_taken_over_and_chooses_the_engine():
    environment = made_from({"LLM_URL": "http://localhost:11434/v1", "LLM_MODEL": "m", "LLM_API_KEY": "k"})
    assert environment["ENGINE"] == "openai"
    assert (environment["LLM_URL"], environment["LLM_MODEL"]) == ("http://localhost:11434/v1", "m")


def test_a_model_file_of_the_user_is_found_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    environment = made_from({"MODEL_PATH": "model.gguf", "SLOTS": "2"})
    assert environment["ENGINE"] == "llama_cpp"
    assert environment["MODEL_PATH"] == str(tmp_path / "model.gguf")
    assert environment["SLOTS"] == "2"


def test_a_sentence_model_of_the_user_is_found_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    assert made_from({"EMBEDDING_MODEL": "model"})["EMBEDDING_MODEL"] == str(tmp_path / "model")
    assert made_from({"RERANKER_MODEL": "model"})["RERANKER_MODEL"] == str(tmp_path / "model")
    assert made_from({"EMBEDDING_MODEL": "offline"})["EMBEDDING_MODEL"] == "offline"


def test_an_engine_that_the_user_names_is_kept():
    environment = made_from({"LLM_URL": "http://localhost/v1", "ENGINE": "extractive", "ANSWER_THRESHOLD": "0.9"})
    assert (environment["ENGINE"], environment["ANSWER_THRESHOLD"]) == ("extractive", "0.9")


def test_every_answer_can_be_drawn_for_the_audit():
    assert made_from({"AUDIT_ONE_IN": "1"})["AUDIT_ONE_IN"] == "1"
    assert "AUDIT_ONE_IN" not in made_from({})


def test_who_plays_the_administrator_changes_a_copy_of_the_shops_articles():
    assert made_from({})["KNOWLEDGE_DIR"] == "/demo/knowledge"


def test_empty_variables_count_as_unset():
    environment = made_from({"LLM_URL": "", "ENGINE": "", "LOG_LEVEL": ""})
    assert "ENGINE" not in environment
    assert environment["LOG_LEVEL"] == "WARNING"


def test_what_it_makes_is_a_valid_configuration(monkeypatch):
    for name, value in made_from({}).items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None).operators_chat_id == (-1001000000001,)
