## Статистика: /stats

stats-today = сегодня
stats-days = { $n ->
        [one] { $n } день
        [few] { $n } дня
       *[many] { $n } дней
    }
stats-title = 📊 Статистика: { $period }
stats-talks = Разговоров: { $n }, без человека: { $share }
stats-talks-none = Разговоров не было.
stats-answers = Ответил бот: { $n } (👍 { $useful } · 👎 { $useless })
stats-latency = Ответ за { $p50 } с в половине случаев, за { $p95 } с в 95 %
stats-resolved = Решено без возврата за 3 дня: { $share } из { $n }
stats-resolved-later = Решено без возврата: станет известно через 3 дня
stats-verified = Из них ещё и верно: { $share }; проверено людьми ответов: { $n }
stats-verified-none = Сколько из них верно: люди ещё не проверили ни одного ответа
stats-escalations = Передано операторам: { $n }, сейчас открыто: { $open }, просрочено: { $overdue }
stats-reason = { $n } — { $reason }
stats-first-reply = Первый ответ оператора: { $n } мин (медиана)
stats-scores = Оценок клиентов: { $n }, в среднем { $mean }
stats-gap = Чаще всего без ответа: «{ $question }» ({ $n ->
        [one] { $n } клиент
        [few] { $n } клиента
       *[many] { $n } клиентов
    })
stats-usage = Напишите /stats, /stats 7 или /stats page 30.
stats-gone = Этих вопросов больше нет. Откройте список ещё раз.
button-stats-1 = Сегодня
button-stats-7 = 7 дней
button-stats-30 = 30 дней
button-stats-page = 📄 Страница
button-stats-gaps = ❓ Без ответа
button-stats-back = ‹ К статистике
button-stats-draft = { $n } · черновик статьи
stats-gaps = ❓ На что не было ответа: { $period }
    Похожие вопросы собраны вместе. Кнопка пришлёт черновик статьи из слов операторов: поправьте его и отправьте сюда.
stats-gaps-none = Вопросов без ответа нет.
stats-gap-line = { $number }. { $question }
    { $n ->
        [one] { $n } клиент
        [few] { $n } клиента
       *[many] { $n } клиентов
    } · { $words }
stats-page-caption = Статистика: { $period }. Откройте файл в браузере.
stats-article-caption = Черновик статьи. Поправьте его и отправьте сюда же: бот добавит статью в базу знаний.

## Тревога о сдвиге

stats-shift = 📈 За последние 7 дней клиенты спрашивают о другом (сравнение с четырьмя неделями до того):
stats-shift-topic = • «{ $topic }»: { $n ->
        [one] { $n } клиент
        [few] { $n } клиента
       *[many] { $n } клиентов
    } вместо обычных { $usual }, в { $times } раза больше
stats-shift-new = • «{ $topic }»: { $n ->
        [one] { $n } клиент
        [few] { $n } клиента
       *[many] { $n } клиентов
    }, раньше об этом почти не спрашивали
stats-shift-scores = • судья стал ниже оценивать черновики: проверьте, не устарела ли база знаний
stats-shift-hint = Подробно: /stats
stats-outcome = исход: { $reason }
stats-intent = намерение: { $name }

## Страница

page-title = Статистика поддержки
page-made = Составлено { $at }
page-contained = Без человека
page-contained-hint = разговоры, в которых не понадобился оператор
page-resolved = Решено без возврата
page-resolved-hint = 3 дня без нового вопроса, оператора и 👎; период на 3 дня раньше
page-verified = Верно и без возврата
page-verified-hint = решённые, умноженные на долю верных среди них по случайной проверке
page-checked = проверено ответов: { $n }
page-latency = Время до ответа
page-latency-hint = медиана; 95 % — за { $p95 } с
page-of = { $hits } из { $total }
page-interval = 95 %: { $low }⁠–⁠{ $high }
page-unknown = пока не известно
page-by-day = Разговоры по дням
page-legend-contained = без человека
page-legend-person = с человеком
page-reasons = Почему звали человека
page-judge = Судья
page-judge-scores = Оценки черновиков; черта — порог, который решает: { $thresholds }
page-precision = Точность: верны из отправленных (случайная проверка)
page-recall = Полнота: отправлены из всех верных
page-held-audit = Верны из задержанных (случайная проверка)
page-held-operators = Верны из задержанных (решения операторов: не случайны)
page-cannot-tell = Не смогли решить: { $n }
page-stages = Время по этапам
page-stage = Этап
page-median = Медиана
page-p95 = 95 %
page-count = Сколько
page-ms = { $n } мс
stage-queue = ожидание в очереди
stage-generate = составление ответа
stage-judge = проверка судьёй
stage-wait = ожидание модели
stage-first-token = до первого слова
stage-write = запись ответа
stage-opinion = мнение модели
page-operators = Операторы
page-operator = Оператор
page-nobody = никто не взял
page-talks = Разговоров
page-open = Открыто
page-first-reply = Первый ответ
page-score = Оценка
page-seconds = { $n } с
page-minutes = { $n } мин
page-gaps = На что не было ответа
page-gaps-hint = Похожие вопросы вместе, личное скрыто. Черновик статьи пришлёт бот: /stats, «Без ответа».
page-asked = { $n ->
        [one] { $n } клиент
        [few] { $n } клиента
       *[many] { $n } клиентов
    }, вопросов: { $questions }
page-shift = Сдвиг вопросов
page-shift-none = Клиенты спрашивают о том же, что и раньше (признаков проверено: { $n }).
page-shift-few = Данных мало: за неделю спросили { $week }, за четыре недели до того { $before }. Нужно 30 и 100 клиентов.
page-shift-psi = PSI намерений: { $psi } (до 0,1 — без перемен, выше 0,25 — большие)
page-scores = Оценки клиентов
page-intents = О чём писали
page-nothing = За этот период данных нет.
page-footer = Как считаются показатели: docs/operations.md, раздел «Watching».
