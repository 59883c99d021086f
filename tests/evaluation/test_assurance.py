"""What a report measures at, and what it says of that."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from evaluation.answers import Attempt
from evaluation.assurance import assurance
from evaluation.baskets import Question
from evaluation.running_bot import Calibrated, Deciding, RunningBot, running_bot
from evaluation.subject import Subject, folder
from knowledge.address_book import AddressBook
from knowledge.passages import Chunk
from knowledge.releases import ReleaseStore
from otvet.commands.evaluate.everything import _subject
from support import quarantine, thresholds
from support.answer_audits import version_of
from support.database import Database
from support.jobs import Draft, Verdict
from support.settings import Settings

DRAFT = Draft(
    text="Yes. [1]",
    citations=[1],
    engine="extractive",
    model="",
    prompt_version="extractive-2",
    verdict=Verdict(score=0.8, version="j"),
)
RUSSIAN = Calibrated(
    language="ru", version=version_of(DRAFT), threshold=0.83, answers=120, wrong=1, max_wrong=0.05, confidence=0.95
)


async def decide(address: str) -> None:
    chosen = thresholds.NewThreshold(
        language="ru", version="v", value=0.83, max_wrong=0.05, confidence=0.95, answers=120, wrong=1
    )
    database = Database(address)
    async with database.writing() as session:
        await thresholds.apply(session, [chosen], datetime.now(UTC))
        await quarantine.report(session, Chunk("1-0", "a.md", "Title", (), "Wrong.", "en"), 7, datetime.now(UTC))
    await database.close()


def test_without_a_database_nothing_is_calibrated_and_none_is_made(tmp_path: Path) -> None:
    assert running_bot(Settings(data_dir=tmp_path, database_url="")) == RunningBot()
    assert list(tmp_path.iterdir()) == []


def test_the_bots_thresholds_decide_unless_somebody_has_set_another_and_wrong_passages_stay_out(
    database_url: str,
) -> None:
    asyncio.run(decide(database_url))

    found = running_bot(Settings(database_url=database_url))
    [one] = found.calibrated
    assert (one.language, one.version, one.threshold, one.answers, one.wrong) == ("ru", "v", 0.83, 120, 1)
    assert len(found.hidden) == 1
    by_hand = running_bot(Settings(database_url=database_url, answer_threshold=0.9))
    assert by_hand == RunningBot((), found.hidden)


def test_a_database_that_cannot_be_read_is_told_apart_from_none(tmp_path: Path) -> None:
    (tmp_path / "otvet.db").write_text("no database")
    assert not running_bot(Settings(data_dir=tmp_path, database_url="")).readable


def test_a_calibrated_threshold_decides_about_its_language_and_version_alone() -> None:
    deciding = Deciding(0.75, (RUSSIAN,))
    assert deciding.about("ru", RUSSIAN.version) == 0.83
    assert deciding.about("en", RUSSIAN.version) == deciding.about("ru", "another") == 0.75


def test_a_report_says_which_threshold_decided_in_each_language() -> None:
    def attempt(language: str, threshold: float) -> Attempt:
        asked = Question(id=language, language=language, question="?", sources=("a.md",))
        return Attempt(asked, 0.9, True, "", draft=DRAFT, threshold=threshold)

    both = [attempt("ru", 0.83), attempt("en", 0.75)]
    sure = assurance(both, Deciding(0.75, (RUSSIAN,)), (RUSSIAN,))
    assert (sure.at, sure.thresholds, sure.decided) == (None, {"ru": 0.83, "en": 0.75}, {"ru": 1})

    other = RUSSIAN.model_copy(update={"version": "former"})
    assert assurance([attempt("ru", 0.75)], Deciding(0.75, (other,)), (other,)).decided == {"ru": 0}
    asked_so = assurance([attempt("ru", 0.75)], Deciding(0.75), (RUSSIAN,), as_default=True)
    assert (asked_so.at, asked_so.decided, asked_so.missing) == (0.75, {"ru": 0}, {"5": 59, "2": 149, "1": 299})


def test_a_passage_that_was_called_wrong_is_not_measured(tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "wet.md").write_text("# Wet tents\n\nDry a wet tent in the shade.\n")
    (articles / "dogs.md").write_text("# Dogs\n\nDogs are welcome in the shop.\n")
    store = ReleaseStore(tmp_path / "releases")
    store.build(articles)
    [wet] = [chunk for chunk in Subject.of("all", store).chunks if chunk.source == "wet.md"]
    subject = Subject.of("current release", store, hidden=frozenset({wet.key}))

    assert {chunk.source for chunk in subject.chunks} == {"dogs.md"}
    desk = subject.current.get()
    assert desk is not None
    for knowledge in (subject.knowledge, subject.blind, desk):
        assert knowledge.chunk(wet.id) is None


def test_a_folder_is_measured_without_what_the_bot_would_not_show(tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    articles.joinpath("a.md").write_text("# Returns\n\nWrite to help@shop.example or to money@else.example.\n")
    articles.joinpath("b.md").write_text("# Delivery\n\nA courier brings parcels on weekdays.\n")
    settings = Settings(data_dir=tmp_path / "data", database_url="")
    with folder(articles) as whole:
        wrong = next(chunk.key for chunk in whole.chunks if chunk.source == "b.md")
    book = AddressBook(settings.releases_dir)
    book.decide(["help@shop.example"], show=True)
    decided = book.entries()

    with _subject(settings, str(articles), None, frozenset({wrong})) as subject:
        assert {chunk.source for chunk in subject.chunks} == {"a.md"}
        assert all(
            one.chunk.source == "a.md" for one in subject.current.get().search("courier", language="en").passages
        )
        assert subject.current.addresses.withheld(chunk.text for chunk in subject.chunks) == ("money@else.example",)

    assert book.entries() == decided, "measuring decides nothing"
