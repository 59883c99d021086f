## Кто ведёт разговор

button-take = ✋ Взять
desk-stale = Эта кнопка устарела.
desk-moved = Разговор переехал: { $link }
desk-stranger = Кнопки работают у тех, кто состоит в этой группе. Если вы в ней, напишите что-нибудь и нажмите ещё раз.
desk-anonymous = Вы пишете от имени группы. Отключите анонимность, чтобы вести разговор самим.
taken = Разговор ваш.
taken-already = Разговор и так ваш.
taken-by = Разговор ведёт { $name }.
taken-by-ask = Разговор ведёт { $name }. Попросите освободить его (/release) или обратитесь к старшему.
given = { $name }, этот разговор теперь ваш.
transfer-usage = Кому передать? /transfer @имя или /transfer в ответ на сообщение коллеги.{ $subjects }
transfer-not-here = { $name } не состоит в этой группе.
transfer-away = { $name } сейчас не на месте.
transfer-no-group = Группа этого направления сейчас недоступна, разговор остался здесь.
moved-card = ➡️ Разговор с клиентом { $name } передан в другую группу.
operator-stranger = Вас нет в этой группе: сообщение клиенту не ушло.
senior-only = Эта команда — для старших операторов.

## Двойной ответ

held-ask = Разговор ведёт { $name }. Отправить ваши слова клиенту?
button-held-send = 📤 Отправить
button-held-keep = 🙊 Оставить здесь
held-sent = 📤 Отправлено клиенту.
held-kept = 🙊 Осталось здесь, клиент этого не видит.
held-not-yours = Решает тот, кто это написал, или старший.

## Удаление

delete-usage = Ответьте командой /delete на своё сообщение клиенту: у клиента оно исчезнет.
delete-not-sent = Это сообщение клиенту не уходило.
delete-done = Это сообщение у клиента уже удалено.
delete-not-yours = Удалить можно своё сообщение; чужое удаляет старший.
delete-too-old = Telegram даёт удалить сообщение только в течение 48 часов.
delete-on-its-way = Сообщение как раз уходит. Повторите /delete через секунду.

## Кто на месте

languages-usage = На каких языках вам передавать разговоры: /languages ru, /languages en или /languages ru,en. Сейчас: { $known }
senior-usage =
    Кого? /senior @имя или /senior в ответ на сообщение. Ещё раз — снять.
    { $people }
senior-made = ⭐ { $name } — старший оператор.
senior-unmade = { $name } — снова оператор.
commands-seniors = { " " }(старшие)
commands-admins = { " " }(администраторы)
commands-rules = Взять, освободить и передать можно свободный разговор или свой; чужой — старшим. Старшими назначает администратор бота.

command-operator-take = Взять разговор себе
command-operator-release = Освободить разговор
command-operator-transfer = Передать коллеге или в группу направления
command-operator-urgent = Срочно; ещё раз — не срочно
command-operator-delete = Удалить у клиента (в ответ на сообщение)
command-operator-away = Я не на месте; ещё раз — вернулся
command-operator-back = Я на месте
command-operator-languages = На каких языках я отвечаю
command-operator-commands = Все команды
command-operator-senior = Назначить или снять старшего
