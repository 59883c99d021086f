# Orders for operators, and the desk file's rules.

escalated-rule = A person will help you better with this. I am calling an operator, who will answer right here.
reason-rule = a rule of the desk applied
reason-rule-named = the rule “{ $rule }” applied
command-operator-order = Show an order by its number
desk-order-none = There is no order { $number }. Check the number: it is in the confirmation e-mail.
desk-order-failed = ⚠️ Orders are not available right now: try again in a minute. The log and otvet doctor say more.
desk-order-whose-proved = The customer has proved that the order is theirs
desk-order-whose-unproved = ⚠️ The customer has not proved that this order is theirs: give no details before you are sure
desk-order-customer = Ordered by: { $name }
desk-order-phone = Phone: { $phone }
desk-order-email = E-mail: { $email }
desk-order-personal = 🔒 Order { $number }, only you see this:
desk-order-proved = Orders that the customer has proved:
desk-order-proved-line = { $number } — { $at }
desk-order-usage = The customer has not proved any order yet. To look at one: /order and its number.
