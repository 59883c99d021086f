# Проверка ответов: бот просит оператора сказать, верен ли случайно выбранный ответ.
audit-title = Проверка ответов
audit-ask = Верен ли этот ответ? Его выбрал случай; от вашего слова зависит, каким ответам бота можно верить.
audit-question = Вопрос клиента
audit-answer = Ответ бота
audit-sources = Источники: { $headings }
audit-rule = «Верно» — всё сказанное правда, и на вопрос отвечено. Сомневаетесь — «Не могу судить».
audit-waiting = { $n ->
    [one] Ждёт ещё { $n } ответ.
    [few] Ждут ещё { $n } ответа.
   *[many] Ждут ещё { $n } ответов.
}
audit-judged = { $name }: { $verdict }
audit-done = Все выбранные ответы проверены. Спасибо!
audit-nobody = Оператор
audit-right = верно
audit-wrong = неверно
audit-unsure = не могу судить
button-audit-right = ✅ Верно
button-audit-wrong = ❌ Неверно
button-audit-unsure = 🤷 Не могу судить
button-audit-next = Следующий ответ →
audit-toast = Записано: { $verdict }. Ошиблись — нажмите другую кнопку.
audit-same = Уже записано: { $verdict }.
audit-passed = Этот ответ уже сменился другим.
