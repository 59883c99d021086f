# Orders for operators, and the desk file's rules.

escalated-rule = A person will help you better with this. I am calling an operator, who will answer right here.
reason-rule = a rule holds
reason-rule-named = the rule “{ $rule }” holds
command-operator-order = Show an order by its number
desk-order-none = There is no order { $number }. Check the number: it stands in the confirmation letter.
desk-order-failed = ⚠️ The orders cannot be reached now: try again in a minute. The log and otvet doctor say more.
desk-order-whose-proved = The customer has proved that the order is theirs
desk-order-whose-unproved = ⚠️ The customer has not proved that this order is theirs: tell no details before you are sure
desk-order-customer = Customer: { $name }
desk-order-phone = Phone: { $phone }
desk-order-email = E-mail: { $email }
desk-order-personal = 🔒 Order { $number }, only you see this:
desk-order-proved = Orders that the customer has proved to be theirs:
desk-order-proved-line = { $number } — { $at }
desk-order-usage = The customer has not proved any order yet. To look at one: /order and its number.
