## Что показывает карточка

card-tried = Бот пробовал: { $steps }
card-orders = Заказы, которые клиент подтвердил: { $orders }
card-suggestion = Подсказка бота к последним словам клиента (он её не видел):
card-source = { $heading } ({ $source })
card-draft-sent = ✅ Черновик отправлен ({ $name }):
card-draft-edited = ✏️ Черновик заменён другим ответом ({ $name }).
card-draft-discarded = ✖️ Черновик отклонён ({ $name }).
why-low-score = бот не уверен в ответе: оценка { $score } из 100, а нужно { $threshold }
doubt-question = статьи, возможно, не отвечают на этот вопрос
doubt-subject = в ответе почти нет того, о чём спрашивали
doubt-name-asked = источники не упоминают «{ $detail }» из вопроса
doubt-figure = спрашивали о цене или сроке, а в ответе их нет
doubt-source-rank = вопросу лучше подходит другая статья
doubt-sentence = в источнике этого нет: «{ $detail }»
doubt-number = в источнике нет числа { $detail }
doubt-name = в источнике нет имени или названия { $detail }
doubt-negation = источник, возможно, говорит обратное: «{ $detail }»
doubt-language = источник на другом языке: «{ $detail }»
doubt-model-support = проверяющая модель не нашла ответа в источниках
doubt-model-relevance = проверяющая модель считает, что ответ не о том
doubt-model-unheard = проверяющая модель не ответила
check-number-unsupported = число { $detail } не подтверждено источником
check-link-unsupported = ссылка { $detail } не подтверждена источником
check-code-unsupported = код { $detail } не подтверждён источником
check-promise-unsupported = в черновике обещание, которого нет в источнике
check-prompt-revealed = в черновике пересказаны правила бота
check-address-strange = никто не подтвердил, что клиентам можно показывать { $detail } (/kb или SHOWN_ADDRESSES)
check-language-wrong = черновик не на языке клиента
check-citation-missing = черновик не называет источник
check-citation-unknown = черновик называет источник { $detail }, которого нет
check-no-answer = модель не нашла ответа в статьях
check-empty = черновик пуст
tried-asked = уточнил, о чём вопрос
tried-clarified = уточнил, о чём вопрос (клиент ответил кнопкой)
tried-searched = искал в базе знаний, ничего не нашёл
tried-searched-near = искал в базе знаний, ответа не нашёл (ближе всего «{ $heading }»)
tried-unwritten = нашёл статьи, но ответа не написал
tried-failed = написал черновик, он не прошёл проверку
tried-failed-because = написал черновик, он не прошёл проверку: { $why }
tried-low = написал черновик, оценка ниже порога
tried-wrote = написал черновик
tried-answered = ответил из базы знаний
tried-order-number-asked = спросил номер заказа
tried-order-proof-asked = попросил подтвердить заказ
tried-order-refused = не нашёл заказа с такими данными
tried-order-locked = закрыл поиск заказов: слишком много неверных попыток
tried-order-shown = показал статус заказа
summary-answered = «{ $asked }» — бот ответил: { $answered }
summary-disliked = {" "}👎
summary-asked = спрашивал «{ $asked }»

## Черновик

button-draft-send = ✉️ Отправить
button-draft-edit = ✏️ Править
button-draft-discard = ✖️ Отклонить
button-draft-wrong = ⛔ Источник неверный
button-draft-wrong-one = ⛔ Источник { $n } неверный
draft-sent = Отправлено клиенту.
draft-edit = ✏️ { $name }, скопируйте, поправьте и отправьте сюда. В ближайшие { $n } минут ваше следующее сообщение уйдёт клиенту вместо черновика:
draft-edit-toast = Ваше следующее сообщение уйдёт вместо черновика.
draft-discarded = Черновик отклонён.
draft-refused-stale = Этого черновика на карточке уже нет.
draft-refused-decided = Уже решено: { $name }.
draft-refused-gone = Не отправлено: статья, на которой держится черновик, изменена или удалена.
draft-refused-editing = Черновик уже правит другой оператор.
draft-refused-answered = Клиенту уже ответили. Если черновик ещё нужен, нажмите «✏️ Править» и отправьте его сами.
said-rival = Разговор ведёт { $name }. Напишите сами: бот переспросит, прежде чем отправить, и эти кнопки заработают.
said-not-delivered = ⚠️ Клиент не получил «{ $text }»: { $reason }

## Готовые ответы

command-operator-c = Готовые ответы: /c слова
command-operator-kb = Найти в базе: /kb search слова
canned-none = Готовых ответов пока нет. Добавить: /c add имя и текст с новой строки, или /c add имя ответом на сообщение.
canned-list = Готовые ответы:
canned-found = Нашлось несколько:
canned-not-found = Ничего похожего нет. Все ответы: /c
canned-more = …и ещё { $n }. Сузьте: /c слова
canned-shown = 📋 { $name } ({ $language })
canned-blank = ⚠️ Не хватает: { $names }. Допишите сами: скопируйте текст и отправьте сюда.
canned-blank-order = номера заказа
canned-blank-name = имени клиента
canned-blank-operator = вашего имени
canned-sent = ✅ Отправлено ({ $name }):
canned-sent-toast = Отправлено клиенту.
canned-gone = Этого готового ответа больше нет.
canned-usage = /c — все готовые ответы, /c слова — найти, /c add имя и текст с новой строки (или ответом на сообщение) — добавить, /c delete имя — удалить. В тексте можно писать { "{name}" }, { "{operator}" } и { "{order}" }.
canned-unknown-variable = Не сохранено: переменной { $name } нет. Есть { "{name}" }, { "{operator}" } и { "{order}" }.
canned-not-yours = Этот готовый ответ добавил другой оператор: изменить или удалить его может он, старший или администратор.
button-canned-send = ✉️ Отправить
button-canned-back = ↩️ Все

## Поиск в базе

kb-search-usage = Что искать? Например: /kb search сроки доставки
kb-search-none = В базе ничего не нашлось.
kb-search-no-base = База знаний сейчас недоступна.
kb-search-found = 🔎 «{ $query }»
kb-search-sent = ✅ Отправлено ({ $name })
kb-search-wrong = ⛔ Убрано до решения администратора
kb-search-sent-toast = Отправлено клиенту.
kb-search-gone = Не отправлено: этого текста в базе больше нет.
button-kb-send = ✉️ { $n }
button-kb-wrong = ⛔ { $n } неверно
quarantined-toast = Источник убран: бот по нему не ответит, пока не решит администратор.
quarantined-already = Источник уже убран.

## Неверный источник

quarantine-ask = ⛔ { $name } считает источник неверным. Бот по нему не отвечает, пока вы не решите.
quarantine-place = { $heading }
    Файл: { $source }
button-quarantine-keep = ✅ Верный, вернуть
button-quarantine-remove = 🗑 Неверный, убрать
quarantine-kept = ✅ Решено: источник верный, бот снова по нему отвечает.
quarantine-removed = 🗑 Решено: источник неверный. Исправьте файл { $source } и соберите базу заново: /kb reload. Пока текст прежний, бот по нему не ответит.
quarantine-decided = Уже решено.
kb-state-quarantine = { $waiting ->
        [0] ⛔ Убрано неверных источников: { $removed }
       *[other] ⛔ Ждут вашего решения (неверный источник): { $waiting }, убрано: { $removed }
    }
