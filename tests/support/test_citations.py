from support.citations import SourceShown, shown


def test_a_single_source_needs_no_number_in_the_text(make_draft, make_passage):
    text, sources = shown(make_draft("За 30 дней. [1]"), (make_passage(1),))

    assert text == "За 30 дней."
    assert sources == (SourceShown(1, "Возврат"),)


def test_sources_are_numbered_from_one_in_order_of_appearance(make_draft, make_passage):
    passages = (make_passage(1, "Возврат"), make_passage(2, "Оплата"), make_passage(3, "Доставка"))

    text, sources = shown(make_draft("Три дня [3]. Картой [2].", citations=(3, 2)), passages)

    assert text == "Три дня [1]. Картой [2]."
    assert sources == (SourceShown(1, "Доставка"), SourceShown(2, "Оплата"))


def test_passages_of_one_heading_share_a_number(make_draft, make_passage):
    passages = (make_passage(1, "Возврат"), make_passage(2, "Возврат"), make_passage(3, "Оплата"))

    text, sources = shown(make_draft("А [1]. Б [2]. В [3].", citations=(1, 2, 3)), passages)

    assert text == "А [1]. Б [1]. В [2]."
    assert [source.heading for source in sources] == ["Возврат", "Оплата"]


def test_a_citation_of_a_passage_that_does_not_exist_is_left_out(make_draft, make_passage):
    text, sources = shown(make_draft("За 30 дней. [9]", citations=(9,)), (make_passage(1),))

    assert text == "За 30 дней."
    assert sources == ()
