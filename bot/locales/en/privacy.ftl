## Personal data

command-mydata = What is kept about you
command-forget = Erase my data
mydata-caption = Everything that is kept about you. Orders are kept by the shop itself: ask an operator about them.
mydata-recent = The file has been sent already. You can get a new one once an hour.
forget-ask = Erase everything that is kept about you?

    Your conversations with the bot and with operators, your ratings, name and phone will be gone. If an operator is answering you now, that conversation ends. This cannot be undone.

    What stays: orders, which the shop keeps; the messages in this chat — delete the chat in Telegram yourself: the bot can only reach the last 48 hours.

    You can get a copy first: /mydata
button-forget = Erase everything
button-forget-not = Cancel
forget-begun = Erasing. It takes a few seconds. Confirmation number: { $token }
forget-cancelled = Nothing was erased.
forget-expired = This button is too old. Send /forget again.
erase-usage = Whom to erase: /erase @name or /erase chat-id
erase-unknown = There is no such customer.
erase-ask = Erase the customer { $name } (chat { $chat })? Messages: { $messages }, conversations with an operator: { $escalations }.

    The conversation, ratings, name, phone and the topic in the group will be gone. Orders and a record that the customer was erased stay. This cannot be undone.
erase-begun = The customer is being erased. Confirmation number: { $token }
erased-while-open = 🗑 A customer asked to have their data erased: the topic is deleted, the conversation is closed. Confirmation number: { $token }
erased-topic-left = ⚠️ A customer is erased, but the topic could not be deleted: { $reason }. Please delete it yourself: { $link }
