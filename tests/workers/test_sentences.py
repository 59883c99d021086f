from workers.sentences import announces, is_item, is_row, units


def test_abbreviations_do_not_end_a_sentence():
    assert units("Заберите на ул. Ленина, д. 5. Работаем с 9 до 21 ч. Ждём вас!") == [
        "Заберите на ул. Ленина, д. 5.",
        "Работаем с 9 до 21 ч. Ждём вас!",
    ]


def test_decimals_and_addresses_do_not_end_a_sentence():
    assert units("It costs 2.50 at shop.example. Pay by card.") == ["It costs 2.50 at shop.example.", "Pay by card."]


def test_list_items_stay_whole():
    assert units("Нужно:\n- Паспорт. Любой.\n- чек") == ["Нужно:", "- Паспорт. Любой.", "- чек"]


def test_items_and_rows_are_told_from_sentences():
    assert is_item("1. Паспорт")
    assert is_item("• чек")
    assert not is_item("1.5 кг сахара")
    assert is_row("Город: Москва")
    assert not is_row("Мы работаем. Всегда: без выходных")


def test_a_line_that_leads_in_a_list_or_a_table_is_known():
    assert announces("Проверьте:")
    assert announces("Срок зависит от вида товара.")
    assert announces("The price depends on the town.")
    assert not announces("Доставка бесплатна.")
