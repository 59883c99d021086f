## Who has a conversation

button-take = ✋ Take
desk-stale = This button is out of date.
desk-moved = The conversation has moved: { $link }
desk-stranger = Buttons work for members of this group. If you are one, write something and press again.
desk-anonymous = You are writing as the group. Turn anonymity off to have the conversation yourself.
taken = The conversation is yours.
taken-already = The conversation is yours already.
taken-by = { $name } has this conversation.
taken-by-ask = { $name } has this conversation. Ask for a /release, or ask a senior.
given = { $name }, this conversation is yours now.
transfer-usage = Transfer to whom? /transfer @name, or /transfer as a reply to a colleague's message.{ $subjects }
transfer-not-here = { $name } is not in this group.
transfer-away = { $name } is away.
transfer-no-group = This subject's group is not available right now; the conversation stays here.
moved-card = ➡️ The conversation with { $name } was handed to another group.
operator-stranger = You are not in this group: nothing was sent to the customer.
senior-only = This command is for seniors.

## Double answers

held-ask = { $name } has this conversation. Send your words to the customer?
button-held-send = 📤 Send
button-held-keep = 🙊 Keep inside
held-sent = 📤 Sent to the customer.
held-kept = 🙊 Kept inside; the customer does not see it.
held-not-yours = Whoever wrote it decides, or a senior.

## Deleting

delete-usage = Reply with /delete to your own message to the customer: it disappears from their chat.
delete-not-sent = This message was not sent to the customer.
delete-done = This message is already deleted from the customer's chat.
delete-not-yours = You can delete your own message; a senior can delete a colleague's.
delete-too-old = Telegram lets messages be deleted only within 48 hours.
delete-on-its-way = The message is going out right now. Send /delete again in a second.

## Who is there

languages-usage = Languages in which you get conversations: /languages ru, /languages en or /languages ru,en. Now: { $known }
senior-usage =
    Whom? /senior @name, or /senior as a reply to a message. The same again takes it back.
    { $people }
senior-made = ⭐ { $name } is a senior now.
senior-unmade = { $name } is an operator again.
commands-seniors = { " " }(seniors)
commands-admins = { " " }(administrators)
commands-rules = You can take, release and transfer a free conversation or your own; a colleague's is for seniors. The bot's administrator says who is a senior.

command-operator-take = Take the conversation
command-operator-release = Release the conversation
command-operator-transfer = Hand over to a colleague or a subject's group
command-operator-urgent = Urgent; once more: not urgent
command-operator-delete = Delete for the customer (as a reply)
command-operator-away = I am away; once more: back
command-operator-back = I am back
command-operator-languages = Languages that I answer in
command-operator-commands = All commands
command-operator-senior = Make or unmake a senior
