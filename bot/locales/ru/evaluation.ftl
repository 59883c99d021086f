# Отчёт `otvet eval all --html`: для владельца, простыми словами.
evaluation-title = Насколько можно верить боту
evaluation-head = Проверка от { $date } · статей: { $articles } · вопросов и сообщений: { $items }
evaluation-headline = Из 100 ответов, которые бот отправил, { $n ->
    [one] верен { $n }
   *[other] верны { $n }
 }
evaluation-headline-interval = Это выборка: на самом деле верны от { $low } до { $high } (с надёжностью 95 %)
evaluation-headline-few = Судить рано: { $n ->
    [one] проверен всего { $n } отправленный ответ
    [few] проверено всего { $n } отправленных ответа
   *[other] проверено всего { $n } отправленных ответов
 }
evaluation-headline-few-interval = Из 100 таких ответов верны от { $low } до { $high } (95 %)
evaluation-headline-none = Бот не отправил ни одного ответа
evaluation-headline-basis = Проверено { $total } отправленных ответов, из них верных { $hits }. Верный ответ { $right }.
evaluation-right-sources = ссылается на статью, которая отвечает на вопрос; сам текст никто не перечитывал
evaluation-right-facts = содержит ожидаемые факты; где фактов не задано — ссылается на верную статью
evaluation-headline-self = На вопросы, ответ на которые есть в статьях, бот отвечает сам в { $share } случаев ({ $low }–{ $high }), остальные передаёт человеку, переспрашивает или понимает иначе.

evaluation-outcomes = Что стало с { $n ->
    [one] { $n } вопросом
   *[other] { $n } вопросами
 } этой проверки
evaluation-outcome-right = { $n ->
    [one] отвечен верно
   *[other] отвечены верно
 }
evaluation-outcome-wrong = { $n ->
    [one] отвечен неверно
   *[other] отвечены неверно
 }
evaluation-outcome-person = { $n ->
    [one] остался без ответа: у человека, переспрошен или понят иначе
   *[other] остались без ответа: у человека, переспрошены или поняты иначе
 }

evaluation-verdict = Что хорошо и что плохо
evaluation-verdict-good = Хорошо
evaluation-verdict-bad = Плохо
evaluation-verdict-good-none = Пока ничего: ни одна цель не достигнута.
evaluation-verdict-bad-none = Ничего: все цели достигнуты, неверных ответов нет.
evaluation-verdict-stranger = Чужой заказ показан: { $n ->
    [one] { $n } раз
    [few] { $n } раза
   *[other] { $n } раз
 }. Так не должно быть никогда.
evaluation-verdict-no-stranger = Чужой заказ не показан ни разу ({ $n ->
    [one] разыгран { $n } диалог
    [few] разыграны { $n } диалога
   *[other] разыграно { $n } диалогов
 }).
evaluation-verdict-wrong = { $n ->
    [one] { $n } неверный ответ увидели бы клиенты
    [few] { $n } неверных ответа увидели бы клиенты
   *[other] { $n } неверных ответов увидели бы клиенты
 } (из { $total } отправленных). Вот они.
evaluation-verdict-none-wrong = Неверных ответов не отправлено ({ $n ->
    [one] проверен { $n }
   *[other] проверено { $n }
 }).
evaluation-verdict-unanswerable = Ответил там, где в статьях ответа нет: { $n ->
    [0] ни разу
    [one] { $n } раз
    [few] { $n } раза
   *[other] { $n } раз
 } из { $total } ({ $share }). Цель — не больше { $most }.
evaluation-verdict-few = Вопросов мало: судить рано.
evaluation-verdict-routing = Понимает, чего хочет клиент: { $share } ({ $hits } из { $total } сообщений). Цель — не меньше { $wanted }.
evaluation-verdict-first = Нужная статья находится первой: { $share } ({ $hits } из { $total } вопросов). Цель — не меньше { $wanted }.
evaluation-verdict-held = { $n ->
    [one] { $n } верный ответ написан, но не отправлен: бот не был уверен, и он ушёл
    [few] { $n } верных ответа написаны, но не отправлены: бот не был уверен, и они ушли
   *[other] { $n } верных ответов написано, но не отправлено: бот не был уверен, и они ушли
 } оператору. Это не опасно, но стоит времени людей.

evaluation-figures = Все показатели
evaluation-figure-right = Верны из отправленных
evaluation-figure-answered = Бот ответил сам
evaluation-figure-answered-right = Ответил сам и верно
evaluation-figure-first = Нужная статья найдена первой
evaluation-figure-unanswerable = Ответил там, где ответа нет
evaluation-figure-routing = Сообщение понято верно
evaluation-figure-orders = Диалоги о заказах пройдены
evaluation-figure-followups = Уточнения поняты
evaluation-figure-of = { $hits } из { $total } · 95 %: { $low }–{ $high }
evaluation-by-language = По языкам
evaluation-total = всего
evaluation-ru = русский
evaluation-en = английский
evaluation-leak = Чужой заказ показан: { $count } раз. Это нужно исправить до всего остального.
evaluation-figure = Показатель

evaluation-fixes = Что исправить сначала
evaluation-fixes-lead = Сверху то, что выиграет больше всего. Число слева — сколько вопросов этой проверки пойдут тогда как надо.
evaluation-fixes-none = Ни одной ошибки: исправлять нечего.
evaluation-fixes-others = Дальше: ещё { $n ->
    [one] { $n } пункт
    [few] { $n } пункта
   *[other] { $n } пунктов
 }
evaluation-fixes-more = Остальное, помельче ({ $count }), — в отчёте в формате JSON.
evaluation-won = +{ $n }
evaluation-lost = цена: { $count }
evaluation-fix-restore-article = Верните или напишите статью { $about }: она отвечает на эти вопросы, а в базе её нет.
evaluation-fix-write-article = Добавьте статью: ответа на эти вопросы ({ $about }) бот не нашёл нигде.
evaluation-fix-add-words = Статья { $about } не находится по словам { $words }. Допишите их в статью — в заголовок или вопросом с ответом.
evaluation-fix-add-words-plain = Статья { $about } не находится. Добавьте в неё вопрос с ответом словами клиентов.
evaluation-fix-add-pair = Статья { $about } находится, но бот не верит, что она отвечает. Добавьте в неё вопрос с ответом со словами { $words }.
evaluation-fix-add-pair-plain = Статья { $about } находится, но бот не верит, что она отвечает. Добавьте в неё вопрос с ответом словами клиентов.
evaluation-fix-split-article = Ответ есть в { $about }, а бот отвечает по другому месту{ $instead }. Разделите статью на короткие разделы с ясными заголовками или подключите языковую модель.
evaluation-fix-instead = { " " }(сейчас — { $about })
evaluation-fix-lower-threshold = Снизьте порог с { $instead } до { $about } (ANSWER_THRESHOLD): бот отправит ещё { $won ->
    [one] { $won } верный ответ, который сейчас уходит
    [few] { $won } верных ответа, которые сейчас уходят
   *[other] { $won } верных ответов, которые сейчас уходят
 } оператору. { $lost ->
    [0] Неверных больше не станет.
    [one] Уйдёт и { $lost } неверный; доля неверных не вырастет.
    [few] Уйдут и { $lost } неверных; доля неверных не вырастет.
   *[other] Уйдёт и { $lost } неверных; доля неверных не вырастет.
 } Посчитано на этих же вопросах: проверьте на других.
evaluation-fix-raise-threshold = Поднимите порог с { $instead } до { $about } (ANSWER_THRESHOLD): бот не отправит { $won ->
    [one] { $won } неверный ответ
    [few] { $won } неверных ответа
   *[other] { $won } неверных ответов
 }. { $lost ->
    [0] Верных меньше не станет.
    [one] К оператору уйдёт и { $lost } верный.
    [few] К оператору уйдут и { $lost } верных.
   *[other] К оператору уйдёт и { $lost } верных.
 } Посчитано на этих же вопросах: проверьте на других.
evaluation-fix-add-examples = Бот принял «{ $about }» за «{ $instead }». Добавьте такие сообщения примерами: командой /intent в чате или в файл INTENTS_FILE.
evaluation-fix-add-examples-unsure = Бот не понял, что это «{ $about }», и переспросил клиента. Добавьте такие сообщения примерами: командой /intent в чате или в файл INTENTS_FILE.
evaluation-fix-look-at-checks = Верные ответы остановили проверки: посмотрите, чего не хватает в статьях, на которые они ссылаются.
evaluation-fix-look-at-dialogues = Диалоги закончились не так, как нужно: посмотрите их ниже.

evaluation-limits = О чём эти цифры не говорят
evaluation-limit-mix = Проверочные вопросы — не ваши клиенты. Среди них { $share } таких, на которые в статьях ответа нет; если в жизни их больше, неверных ответов будет больше.
evaluation-limit-right = «Верный» — значит { $right }.
evaluation-limit-chance = Промежуток «95 %» учитывает только случайность выбора вопросов, а не то, что завтра спросят о другом.
evaluation-limit-tuned = Если вы правили статьи или порог по этим же вопросам, в жизни будет хуже, чем здесь: держите часть вопросов про запас.
evaluation-limit-drafts = Пропущено черновиков: { $count }. Их никто не проверил, поэтому они не считались.

evaluation-assurance = Порог и гарантия
evaluation-assurance-none = Порог { $threshold } — по умолчанию или выбран на глаз, гарантии нет. Чтобы обещать её, человек должен проверить случайно выбранные ответы бота:
evaluation-assurance-missing = не больше { $limit } % неверных — { $n ->
    [one] нужен ещё { $n } проверенный ответ без единой ошибки
    [few] нужно ещё { $n } проверенных ответа без единой ошибки
   *[other] нужно ещё { $n } проверенных ответов без единой ошибки
 }
evaluation-assurance-how = Бот сам просит операторов проверить случайные ответы; порог по ним выбирает otvet eval calibrate. Вопросы этой проверки не в счёт: их выбрали люди, а не случай.
evaluation-assurance-done = Язык — { $language }: порог { $threshold } выбран по { $audited } случайным ответам, которые проверили люди, неверных среди них { $wrong }. Неверных среди отправленных — не больше { $most } с уверенностью { $confidence }, пока вопросы и база похожи на те, по которым проверяли.
evaluation-assurance-left-out = В этом отчёте он не участвовал: просили мерить по { $threshold } (ANSWER_THRESHOLD).
evaluation-assurance-other-version = Сейчас он не действует: движок, модель, её указания или судья уже не те, для которых он выбран, и решает { $threshold } (ANSWER_THRESHOLD). Проверьте новые ответы и выберите порог заново.
evaluation-assurance-here = В этом отчёте ответы отобраны порогом: { $thresholds }.

evaluation-risk = Сколько ответов — столько ошибок
evaluation-risk-lead = Чем ниже порог, тем на большее число вопросов бот отвечает сам и тем, как правило, больше среди ответов неверных. Точка — порог бота ({ $threshold }): отвечено { $coverage }, неверных { $wrong } ({ $low }–{ $high }).
evaluation-risk-x = Бот отвечает сам, доля всех вопросов
evaluation-risk-y = Неверных среди ответов
evaluation-risk-point = порог { $threshold }
evaluation-risk-points = пороги бота
evaluation-risk-legend = Полоса — 95 %-ный промежуток.
evaluation-risk-empty = Не написано ни одного ответа: рисовать нечего.
evaluation-reliability = Что значит оценка 0,8
evaluation-reliability-lead = Судья ставит каждому ответу оценку от 0 до 1. Если ей можно верить, из ответов с оценкой около 0,8 верны 80 %: точки лежат на линии. Ниже линии — судья слишком уверен, выше — слишком строг.
evaluation-reliability-figures = Средняя ошибка оценки: { $error } ({ $low }–{ $high }). Верный ответ оценён выше неверного в { $auroc } случаев ({ $auroc_low }–{ $auroc_high }).
evaluation-reliability-x = Оценка судьи
evaluation-reliability-y = Доля верных
evaluation-reliability-bin = Оценка { $low }–{ $high }: верны { $hits } из { $total }
evaluation-routes = Куда уходят сообщения
evaluation-routes-lead = Строка — куда нужно, столбец — куда отправил бот. Всё вне диагонали — ошибка; «переспросит» — клиент увидит две кнопки.
evaluation-route-right = Нужно ↓ Бот →
evaluation-route-question = вопрос
evaluation-route-order_status = заказ
evaluation-route-operator = оператор
evaluation-route-complaint = жалоба
evaluation-route-greeting = приветствие
evaluation-route-out_of_scope = не по теме
evaluation-route-unsure = переспросит
evaluation-route-thanks = спасибо
evaluation-route-goodbye = прощание
evaluation-route-small_talk = болтовня
evaluation-latency = Сколько это занимает
evaluation-latency-lead = Миллисекунды на этой машине; p95 — быстрее этого 95 вопросов из 100.
evaluation-latency-stage = Шаг
evaluation-latency-count = Замеров
evaluation-latency-search = поиск
evaluation-latency-prepare = поиск и решение, есть ли ответ
evaluation-latency-generate = текст ответа
evaluation-latency-judge = проверка ответа
evaluation-latency-classify = намерение
evaluation-latency-desk = решение о сообщении целиком
evaluation-latency-order-step = шаг диалога о заказе
evaluation-milliseconds = мс

evaluation-clusters = Где ошибки
evaluation-clusters-lead = Строка — о чём сообщение, столбец — что подвело. Ниже — сами тексты.
evaluation-clusters-none = Ошибок нет.
evaluation-intent = Намерение
evaluation-dialogue = диалог
evaluation-quoted = «{ $text }»
evaluation-texts-more = … и ещё { $count } — в отчёте в формате JSON.
evaluation-stage-article = нет статьи
evaluation-stage-article-is = Нужной статьи нет в базе знаний.
evaluation-stage-search = поиск не нашёл
evaluation-stage-search-is = Нужная статья не попала в найденное.
evaluation-stage-no_answer = счёл, что ответа нет
evaluation-stage-no_answer-is = Статья найдена, но бот решил, что она не отвечает, и позвал человека.
evaluation-stage-engine = ответ не из того места
evaluation-stage-engine-is = Статья найдена, а ответ написан по другой или без ожидаемых фактов; до клиента он не дошёл.
evaluation-stage-check = проверка остановила
evaluation-stage-check-is = Верный ответ не прошёл проверку чисел, ссылок или обещаний.
evaluation-stage-risk = решает человек
evaluation-stage-risk-is = Верный ответ задержан: сообщение требует решения о деньгах или грозит судом.
evaluation-stage-judge_strict = судья слишком строг
evaluation-stage-judge_strict-is = Верный ответ ниже порога: ушёл человеку.
evaluation-stage-judge_lax = неверный ответ отправлен
evaluation-stage-judge_lax-is = Самое важное: эти ответы клиент увидел бы.
evaluation-stage-route = понято как другое
evaluation-stage-route-is = Сообщение ушло не туда.
evaluation-stage-orders = заказы
evaluation-stage-orders-is = Диалог о заказе закончился не так.
evaluation-stage-follow_up = уточнение
evaluation-stage-follow_up-is = Вопрос, продолжающий предыдущий, понят неверно.
evaluation-asked = Клиент
evaluation-expected = Ожидалось
evaluation-got = Вышло
evaluation-person = человек
evaluation-found-at = нужная статья на месте { $rank }
evaluation-found-nowhere = нужной статьи нет среди первых десяти
evaluation-scored = оценка { $score }
evaluation-lacks = нет: { $facts }
evaluation-holds = есть лишнее: { $facts }

evaluation-comparison = Сравнение с прошлым отчётом
evaluation-comparison-lead = { $file } от { $date }, общих вопросов и сообщений: { $items }. Разница посчитана по каждому вопросу отдельно.
evaluation-comparison-apart = Не сравнивались: { $before } только в прошлом отчёте, { $now } только в этом.
evaluation-comparison-before = Было
evaluation-comparison-now = Стало
evaluation-comparison-change = Разница, 95 %
evaluation-comparison-verdict = Вывод
evaluation-points = { $value } п. п.
evaluation-comparison-better = лучше
evaluation-comparison-worse = хуже
evaluation-comparison-chance = может быть случайностью
evaluation-comparison-same = без изменений
evaluation-comparison-won = стало лучше
evaluation-comparison-lost = стало хуже
evaluation-difference-right_source_first = Нужная статья первой
evaluation-difference-answered_right = Ответил сам и верно
evaluation-difference-wrong_sent = Отправил неверное
evaluation-difference-coverage = Ответил сам
evaluation-difference-routing = Сообщение понято верно
evaluation-difference-dialogues = Диалоги прошли как надо

evaluation-provenance = Откуда цифры
evaluation-provenance-version = Версия Otvet
evaluation-provenance-date = Измерено
evaluation-provenance-command = Команда
evaluation-provenance-basket = Корзина
evaluation-provenance-knowledge = База знаний
evaluation-provenance-hidden = Убрано мест
evaluation-provenance-engine = Движок
evaluation-provenance-models = Модели
evaluation-provenance-threshold = Порог
evaluation-provenance-masked = Слова настоящих клиентов скрыты масками там, где корзина составлена из разговоров.
