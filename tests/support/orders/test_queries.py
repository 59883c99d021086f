import pytest

from support.orders.queries import check


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM orders WHERE number = :number;",
        "-- ours\nselect a::text as b from o where n = :number and c <> ';'",
        "WITH o AS (SELECT 1 AS n) SELECT * FROM o WHERE n = :number",
    ],
)
def test_one_select_with_the_number_in_it_is_taken(query):
    assert check(query) == query.strip().removesuffix(";")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("DELETE FROM orders WHERE number = :number", "SELECT"),
        ("/* SELECT */ UPDATE orders SET n = :number", "SELECT"),
        ("SELECT :number; DROP TABLE orders", "one statement"),
        ("SELECT 1;; SELECT :number", "one statement"),
        ("SELECT * FROM orders", ":number"),
        ("SELECT * FROM orders WHERE number = ':number'", "without quotes"),
        ("SELECT a::number FROM orders", ":number"),
        ("", "SELECT"),
    ],
)
def test_anything_else_is_refused_in_words(query, says):
    with pytest.raises(ValueError, match=says):
        check(query)
