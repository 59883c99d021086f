from knowledge.markdown import parse


def lines(text: str) -> list[str]:
    return [block.text for section in parse(text)[1] for block in section.blocks]


def test_headings_become_title_and_breadcrumbs() -> None:
    title, sections = parse("# Returns\n\nIntro.\n\n## Money\n\n### Cards\n\nTen days.\n\n## Packing\n\nIn a box.\n")
    assert title == "Returns"
    assert [section.breadcrumb for section in sections] == [(), ("Money", "Cards"), ("Packing",)]


def test_markup_is_dropped_and_addresses_are_shown() -> None:
    text = (
        "Write to **us**: [the form](https://shop.example/form), `A-1`, [mail](mailto:a@b.example), [more](other.md)."
    )
    assert lines(text) == ["Write to us: the form (https://shop.example/form), A-1, mail (a@b.example), more."]


def test_a_table_row_names_its_headers() -> None:
    assert lines("| City | Price |\n|---|---|\n| Omsk | 490 |\n| Perm | |\n") == [
        "City: Omsk; Price: 490",
        "City: Perm",
    ]


def test_lists_keep_their_marks_and_nesting() -> None:
    assert lines("3. one\n4. two\n   - inner\n") == ["3. one", "4. two", "   - inner"]


def test_code_is_one_block_with_its_line_ends() -> None:
    _, sections = parse("```\na\n\nb\n```\n")
    assert sections[0].blocks[0].text == "a\n\nb"
    assert sections[0].blocks[0].whole


def test_comments_and_tags_are_not_text() -> None:
    assert lines("<!-- secret -->\n\nOne<br>two <b>bold</b>\n\n<div>three</div>\n") == ["One\ntwo bold", "three"]


def test_a_heading_that_repeats_the_given_title_is_dropped() -> None:
    title, sections = parse("# Delivery\n\nText.\n", "Delivery")
    assert title == "Delivery"
    assert [section.breadcrumb for section in sections] == [()]


def test_several_headings_of_the_first_level_are_no_title() -> None:
    title, sections = parse("# Returns\n\nOne.\n\n# Refunds\n\nTwo.\n")
    assert title is None
    assert [section.breadcrumb for section in sections] == [("Returns",), ("Refunds",)]


def test_a_heading_without_text_of_its_own_is_kept() -> None:
    _, sections = parse("# T\n\nIntro.\n\n## Empty\n\n## Full\n\nText.\n")
    assert [section.breadcrumb for section in sections] == [(), ("Empty",), ("Full",)]
