import pytest

from bot.texts import Library
from evaluation.fixes import Action, fixes
from evaluation.results import Kind, Result, Stage
from knowledge.passages import Chunk

CHUNKS = [Chunk("1-0", "a.md", "Delivery", (), "A courier brings parcels on weekdays.", "en")]


def failed(number, stage, **more):
    fields = {"text": "who carries the wardrobe upstairs", "sources": ("a.md",), "right": False, "sent": False} | more
    return Result(id=str(number), kind=Kind.QUESTION, language="en", intent="question", stage=stage, **fields)


def test_an_article_that_is_not_found_is_told_the_words_it_lacks():
    fix = fixes([failed(1, Stage.SEARCH), failed(2, Stage.JUDGE_LAX, cause=Stage.SEARCH)], CHUNKS, 0.75)[0]
    assert (fix.action, fix.about, fix.won) == (Action.ADD_WORDS, "a.md", 2)
    assert "wardrobe" in fix.words
    assert "who" not in fix.words
    assert fix.named == "«Delivery» (a.md)"


def test_articles_are_named_by_title_where_the_knowledge_base_has_them():
    elsewhere = failed(1, Stage.ENGINE, sources=("gone.md",), cited=("a.md",))
    [fix] = fixes([elsewhere], CHUNKS, 0.75)
    assert (fix.named, fix.instead_named) == ("gone.md", "«Delivery» (a.md)")


def test_what_wins_most_stands_first():
    results = [
        failed(1, Stage.ROUTE, route="operator"),
        *(failed(number, Stage.NO_ANSWER) for number in range(2, 5)),
        *(failed(number, Stage.NO_ANSWER, sources=()) for number in range(5, 7)),
        failed(7, Stage.ARTICLE, sources=("gone.md",)),
    ]
    found = [(fix.action, fix.about, fix.won) for fix in fixes(results, CHUNKS, 0.75)]
    assert found == [
        (Action.ADD_PAIR, "a.md", 3),
        (Action.WRITE_ARTICLE, "question", 2),
        (Action.ADD_EXAMPLES, "question", 1),
        (Action.RESTORE_ARTICLE, "gone.md", 1),
    ]


def test_a_lower_threshold_is_proposed_only_where_it_is_no_riskier():
    sent = [failed(f"s{n}", None, score=0.8, right=n > 1, sent=True) for n in range(10)]
    held = [*sent, *(failed(number, Stage.JUDGE_STRICT, score=0.7, right=True) for number in range(8))]
    one_wrong = [failed(9, Stage.ENGINE, score=0.7)]
    lower = next(fix for fix in fixes([*held, *one_wrong], CHUNKS, 0.75) if fix.action is Action.LOWER_THRESHOLD)
    assert (lower.won, lower.lost) == (8, 1)
    assert 0.6 < float(lower.about) <= 0.7
    many_wrong = [failed(10 + number, Stage.ENGINE, score=0.7) for number in range(6)]
    actions = {fix.action for fix in fixes([*held, *many_wrong], CHUNKS, 0.75)}
    assert Action.LOWER_THRESHOLD not in actions


def test_no_basket_moves_a_calibrated_threshold():
    held = [failed(number, Stage.JUDGE_STRICT, score=0.7, right=True) for number in range(8)]
    assert fixes(held, CHUNKS, 0.75, ["en"]) == ()


def test_a_higher_threshold_is_proposed_where_it_stops_more_wrong_answers_than_right_ones():
    wrong = [failed(number, Stage.JUDGE_LAX, cause=Stage.ENGINE, score=0.8, sent=True) for number in range(3)]
    right = [failed(9, None, score=0.8, right=True, sent=True)]
    higher = next(fix for fix in fixes([*wrong, *right], CHUNKS, 0.75) if fix.action is Action.RAISE_THRESHOLD)
    assert (higher.won, higher.lost) == (3, 1)


def test_a_question_that_would_be_lost_all_the_same_is_not_won_by_examples():
    taken = [failed(1, Stage.ROUTE, route="operator"), failed(2, Stage.ROUTE, route="operator", cause=Stage.NO_ANSWER)]
    found = {fix.action: fix.ids for fix in fixes(taken, CHUNKS, 0.75)}
    assert found == {Action.ADD_EXAMPLES: ("1",), Action.ADD_PAIR: ("2",)}


@pytest.mark.parametrize(
    ("won", "told"),
    [
        (1, "ещё 1 верный ответ, который сейчас уходит оператору"),
        (3, "ещё 3 верных ответа, которые сейчас уходят оператору"),
        (5, "ещё 5 верных ответов, которые сейчас уходят оператору"),
    ],
)
def test_what_a_lower_threshold_wins_is_said_in_good_russian(won, told):
    said = Library().of("ru")("evaluation-fix-lower-threshold", about="0,5", instead="0,7", won=won, lost=0)
    assert told in said
