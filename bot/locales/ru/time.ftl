## Чего ждать клиенту

expect-before = { $n ->
        [one] Перед вами ждёт { $n } человек.
        [few] Перед вами ждут { $n } человека.
       *[many] Перед вами ждут { $n } человек.
    }
expect-minutes = Обычно отвечаем в течение { $n ->
        [one] { $n } минуты.
       *[other] { $n } минут.
    }
expect-closed = Сейчас мы не работаем, откроемся { $day } в { $time } — ответим здесь же.
expect-closed-long = Сейчас мы не работаем. Ответим здесь же, как только откроемся.
day-today = сегодня
day-tomorrow = завтра
day-weekday = { $day ->
        [mon] в понедельник
        [tue] во вторник
        [wed] в среду
        [thu] в четверг
        [fri] в пятницу
        [sat] в субботу
       *[sun] в воскресенье
    }
day-date = { $date }
who-answers = Вам отвечает { $name }.

## Конец разговора

closed-reopens = Разговор с оператором окончен. Если что-то осталось неясным, напишите в течение { $n ->
        [one] { $n } минуты
       *[other] { $n } минут
    }: ответит тот же оператор. Потом отвечаю я, а оператора можно позвать снова в любой момент.
closed-silent = Вы давно не отвечаете, поэтому закрываю разговор. Если вопрос остался, просто напишите.
closed-rate = Как вам помогли? Оцените, пожалуйста, от 1 до 5.
closing-warning = Остались вопросы? Если да, просто напишите. Если нет, через { $n ->
        [one] { $n } час
        [few] { $n } часа
       *[many] { $n } часов
    } я закрою разговор.
button-word = ✍️ Написать отзыв
rating-thanks = Спасибо за оценку!
rating-stale = Эту оценку уже не изменить.
rating-word-ask = Что понравилось, чего не хватило? Напишите одним сообщением — ответом на это.
rating-word-thanks = Спасибо! Операторы это прочтут.

## Операторам

card-rating = Оценка клиента: { $stars }
card-rating-word = Слова клиента: «{ $word }»
reason-noted = Причина записана: { $reason }
reason-silent = клиент не отвечает
command-operator-bot = Вернуть клиента боту
remind-assignee = ⏰ { $name }, клиент ждёт ответа уже { $n ->
        [one] { $n } минуту
        [few] { $n } минуты
       *[many] { $n } минут
    }.

## Сводка

digest-waiting = 📋 Ждут ответа: { $n }
digest-overdue = из них дольше обещанного: { $n }
digest-nobody = 📋 Никто не ждёт дольше двух минут
digest-minutes = { $n } мин
digest-few-minutes = меньше 5 мин
digest-more = …и ещё { $n }
digest-call = 📣 { $names }: эти клиенты ждут дольше обещанного.
digest-everybody = Всем
digest-today = Сегодня разговоров: { $opened }, закрыто: { $closed }, ответов бота: { $answers }
digest-first-reply = Первый ответ оператора: { $n } мин (медиана)
digest-open = Открыто до { $time }
digest-closed = Закрыто, откроемся { $day } в { $time }
digest-closed-long = Закрыто
