# Заказы для операторов и правила файла стола.

escalated-rule = С этим лучше поможет человек. Зову оператора: он ответит здесь же.
reason-rule = сработало правило
reason-rule-named = сработало правило «{ $rule }»
command-operator-order = Показать заказ по номеру
desk-order-none = Заказа { $number } нет. Проверьте номер: он есть в письме с подтверждением.
desk-order-failed = ⚠️ Заказы сейчас недоступны: повторите через минуту. Подробности — в журнале и в otvet doctor.
desk-order-whose-proved = Клиент подтвердил, что заказ его
desk-order-whose-unproved = ⚠️ Клиент не подтверждал, что это его заказ: не называйте ему подробностей, пока не убедитесь
desk-order-customer = Покупатель: { $name }
desk-order-phone = Телефон: { $phone }
desk-order-email = Почта: { $email }
desk-order-personal = 🔒 Заказ { $number }, видите только вы:
desk-order-proved = Заказы, которые клиент подтвердил:
desk-order-proved-line = { $number } — { $at }
desk-order-usage = Клиент пока не подтвердил ни одного заказа. Чтобы посмотреть любой: /order и номер.
