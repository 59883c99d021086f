# What people read. The keys are those of locales/ru: a test holds them together.

## Acquaintance

start = Hello! I am the support bot{ $company }.

    I answer questions about products and rules, look up your order or call an operator. I only say what our help pages say, and I always show the source.

    Just write your question in your own words.
help = What I can do:

    • answer questions: just write, for example “How long does delivery take?”
    • look up an order: /order
    • call an operator: /operator — at any moment
    • speak English and Russian: /language
    • show or erase what is kept about you: /mydata, /forget

    When I am not sure of an answer I do not make one up: I call an operator.
hello = Hello! How can I help? Write your question or an order number.
thanks = You are welcome! Write again whenever you need to.
bye = Goodbye! I am here if you need anything.
out-of-scope = I am afraid I cannot help with that: I answer questions about purchases, orders and the shop's rules. If it is for us after all, call an operator.
language-ask = Which language shall I answer in?
language-set = I will answer in English from now on.
language-name = English

## Buttons

button-order = 📦 Order status
button-operator = 🧑‍💼 Call an operator
button-language = 🌐 Русский
button-useful = 👍
button-useless = 👎
button-contact = 📱 Share my phone number

## An answer

source = Source: { $headings }
answer-partly = Our help pages have no answer to this: { $questions } Please ask an operator about it.
stopped = Stopped. Ask in other words, or call an operator.
answer-left-over = { $n ->
        [one] { $n } more question did not fit
       *[other] { $n } more questions did not fit
    } into this answer. Please ask again, beginning with “{ $first }”.
rated-useful = Thank you for the feedback!
rated-useless = Thank you, noted. If the answer did not help, call an operator.

## Not sure

clarify = I want to get this right. What is your question about?
clarify-taken = Got it.
clarify-stale = This button no longer works. Please write your question again.

## Messages without words

media-voice = I cannot understand voice and video messages. Please write it in words, or call an operator, who can listen.
media-picture = I can see a file but cannot tell what is in it. Please describe your question in words, or call an operator, who can look.
media-sticker = 🙂 How can I help? Please write your question in words.
media-contact = Thank you, I have your number. Write your question or an order number.
media-contact-foreign = That is somebody else's contact, and I need yours. Press “Share my phone number”, or write the phone or e-mail given with the order.
media-other = I do not understand this kind of message. Please write your question in words.

## Orders

order-ask-number = Please write the order number: it is in the confirmation e-mail.
order-ask-proof = Before I show order { $number } I need to know that it is yours. Share your phone number with the button below, or write the phone or e-mail given with the order.
order-refused = I could not find an order with these details. Please check the order number and the phone or e-mail you gave when ordering. Try again or call an operator.
order-locked = Too many wrong attempts. To keep orders safe, looking them up is closed for you until { $until }. An operator can help sooner.
order-found = 📦 Order { $number }

    { $status }
order-line-eta = Expected: { $eta }
order-line-carrier = Delivery: { $carrier }
order-line-tracking = Tracking number: { $tracking }
order-line-items = Items: { $items }
order-line-total = Total: { $total }
order-line-created = Ordered: { $created }
status-processing = We are packing your order
status-shipped = Your order is on its way
status-ready-for-pickup = Your order is waiting at the pick-up point
status-delivered = Your order was delivered
status-cancelled = Your order was cancelled
status-returned = Your order was returned

## Operator

escalated-customer-asked = I am calling an operator, who will see our conversation and answer right here. Feel free to add details meanwhile.
escalated-complaint = I am sorry about this. I am calling an operator, who will look into it and answer right here. Feel free to add details meanwhile.
escalated-risky = Decisions like this are made by a person, so I am calling an operator, who will answer right here.
escalated-no-answer = Our help pages have no answer to this, and I will not make one up. I am calling an operator, who will answer right here.
escalated-low-score = I am not sure that I would answer correctly, so I am calling an operator, who will answer right here.
escalated-check-failed = I am not sure that I would answer correctly, so I am calling an operator, who will answer right here.
escalated-unclear = I do not want to misunderstand you, so I am calling an operator, who will answer right here.
escalated-overdue = I cannot answer in time. To save you the wait, I am calling an operator, who will answer right here.
escalated-busy = There are more questions right now than I can answer in time. To save you the wait, I am calling an operator, who will answer right here.
escalated-no-worker = I cannot write an answer at the moment. I am calling an operator, who will answer right here.
escalated-no-orders = I cannot look into orders at the moment. I am calling an operator, who will answer right here.
escalated-no-knowledge = Our help pages are not available at the moment. I am calling an operator, who will answer right here.
escalated-knowledge-changed = Our help pages have just changed, and I do not want to answer from the old ones. I am calling an operator, who will answer right here.
escalated-engine-error = I did not manage to write an answer. I am calling an operator, who will answer right here.
escalated-not-delivered = My answer does not seem to have arrived. I am calling an operator, who will answer right here.
escalated-error = Something broke on my side, but your message is not lost. I am calling an operator, who will answer right here.
escalated-operator-wrote = { "" }
escalated-already = I have already called an operator, who will see everything you write and answer right here.
escalation-closed = The conversation with the operator is over. I am back; you can call an operator again at any moment.

## The card for operators

card-since = Since { $since }
card-assignee = Answering: { $name }
card-nobody = Nobody has taken it yet
card-why = Why: { $reason }
card-summary = In short: { $summary }
card-question = Question:
card-closed = Closed: { $reason }
card-draft = The bot's draft (the customer has not seen it):
card-answer = The bot answered:
card-sources = Sources: { $headings }
card-hint = Write here and the customer gets your words. /note or // at the start keeps it inside. /close gives the customer back to the bot.
card-no-words = (no words)
reason-customer-asked = the customer asked for a person
reason-complaint = a complaint
reason-risky = a demand about money or a legal threat
reason-no-answer = the knowledge base has no answer
reason-low-score = the bot is not sure of its answer
reason-check-failed = the answer is not backed by its source
reason-unclear = the bot did not understand what the customer wants
reason-overdue = the answer was not ready in time
reason-busy = more questions than the generation processes can answer in time
reason-no-worker = no generation process is running (otvet worker)
reason-no-orders = orders cannot be reached
reason-no-knowledge = the knowledge base is not available
reason-knowledge-changed = the article that the bot would have answered from was changed or deleted
reason-engine-error = the model failed
reason-not-delivered = the bot's answer did not arrive
reason-error = an internal error
reason-operator-wrote = an operator wrote first
operator-not-open = The bot has this conversation already: there is nothing to close.
operator-reopened = ℹ️ An operator has the conversation again: the bot keeps silent until /close.
operator-no-customer = There is no customer behind this topic: your message went to nobody. The topic is not needed and can be deleted.
operator-moved = This conversation has moved: { $link }. Your message was not sent to the customer from here: write it there.
operator-not-sent = This conversation has no topic at the moment, and your message was not sent. A new topic comes with the customer's next message.
operator-unknown-command = There is no such command here. All commands: /commands; any other text goes to the customer.
operator-edit-held = ✋ This edit stays here: it begins like a note or a command. The customer sees the former words.
operator-blocked = ⚠️ The customer has blocked the bot: messages will not arrive.
command-operator-close = End the conversation, a reason may follow
command-operator-note = A note that stays inside

## Delivery

topic-again = 🔁 A new topic of the same customer. The former one: { $link }
    What was said last:
history-customer = Customer
history-bot = Bot
history-operator = Operator
history-note = Note
history-no-words = (no words)
not-delivered = ⚠️ Not delivered: { $reason }
perhaps-not-delivered = ⚠️ Perhaps not delivered: { $reason }
delayed = ⏳ Telegram asks not to write to this customer for another { $minutes } min. The message goes out by itself, no need to repeat it.
not-passed-on = ⚠️ The customer sent a message that could not be shown: { $reason }
not-passed-on-because = ⚠️ This message did not reach the operator: { $reason }. Please describe it in words.
not-passed-on-customer = ⚠️ This message did not reach the operator. Please describe it in words.
slowed = You write faster than I can read. Nothing is lost: I will read it all and answer in one go as soon as you pause.
customer-edited = ✏️ The customer edited a message: { $text }
customer-banned = The operator has ended this conversation. New messages are not received here any more.
customer-unbanned = The conversation is open again: tell us how we can help.
operator-banned = ⛔ The customer is banned: the bot hears nothing more from them. /unban takes it back.
operator-banned-already = The customer is banned already. /unban takes it back.
operator-unbanned = ✅ The bot hears this customer again.
operator-unbanned-already = The customer was not banned.
command-operator-ban = Hear nothing from this customer
command-operator-unban = Hear this customer again
failure-unknown = the connection to Telegram broke, and it is unknown whether the message arrived
failure-blocked = the customer has blocked the bot
failure-deactivated = the customer has deleted their account
failure-not-started = the customer has not started a conversation with the bot
failure-voice-forbidden = the customer does not allow voice and video messages: write in words
failure-too-large = the file is larger than Telegram allows bots (50 MB): send a link or a smaller file
failure-gone = the message has been deleted
failure-kind = Telegram does not let bots pass on messages of this kind
failure-file = Telegram did not hand over the file: send it once more
operator-unblocked = ✅ The customer lets the bot write again.
group-works = ✅ The bot is an administrator of the group “{ $group }” again.
group-lost = ⚠️ The bot is no longer an administrator of the group “{ $group }”: operators do not see customers. Make it one again, with the right “Manage topics”.
card-again = ⚠️ The connection to Telegram broke: this card may be above already.
card-failed = ⚠️ The card of the customer “{ $name }” could not be shown to the operators: { $reason } Open that customer's topic, or write to them yourself.
group-refuses = ⚠️ The operators' group { $group } does not accept the bot's messages ({ $reason }). Make the bot an administrator of the group again, with the right “Manage topics”. Customers' messages are kept and will arrive once the group works.

## The queue

waiting-turn = There are many questions right now and yours is in the queue: { $n ->
        [0] it is the next one
        [one] { $n } is before it
       *[other] { $n } are before it
    }. { $seconds ->
        [0] I will answer right here
       *[other] I will answer right here in about { $seconds } s
    }, and call an operator if I cannot do it in time.
waiting-place = Many customers are asking for an operator right now. Your request is in the queue: { $n ->
        [0] it is the next one
        [one] { $n } request is before it
       *[other] { $n } requests are before it
    }. Operators will see it in about { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }. Nothing is lost, there is no need to write again.
waiting-unreachable = The operators' group cannot be reached at the moment. Your message is kept: operators will see it as soon as the group is back, there is no need to write again.
digest = ⏳ { $n ->
        [one] { $n } card is waiting
       *[other] { $n } cards are waiting
    }, the oldest since { $since }. Telegram lets 20 messages a minute into a group, so all of them will be here in about { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }. The customers know that they are in a queue.

## Administrators

admin-only = This command is for administrators.
kb-state = I answer from release { $release } of the knowledge base
    Articles: { $articles }, chunks: { $chunks }
    Built { $age } ago
kb-state-by = Built by: { $by }
kb-state-errors = ⚠️ Files not read, or worth a look: { $n }
kb-state-addresses = 📇 Addresses and promotional codes that nobody has confirmed: { $n }
kb-state-held = ✋ Release { $release } is built but not switched on: the check had doubts. The button below switches it on.
kb-none = There is no release of the knowledge base yet. Send a file with articles here, or press “Build again”: I will read the folder KNOWLEDGE_DIR.
kb-damaged = ⚠️ The current release is damaged. Press “Build again”; until then I answer from what is loaded.
kb-usage = /kb shows the state and buttons, /kb reload builds again, /kb rollback brings the former release back. To add an article, send a file.
kb-no-worker = nothing can be built: the build process is not running. Start “otvet worker --queue build” (or “otvet run”, which starts everything) and press “Build again”.
kb-died = the build process broke off several times. Check memory and disk (otvet kb doctor) and press “Build again”.
kb-building = ⏳ Building the knowledge base…
kb-building-next = ⏳ A build is under way already. As soon as it ends I will build once more, with everything that has changed meanwhile.
kb-progress = ⏳ { $bar } { $done } of { $total }: { $step }
kb-over = ✔️ The build has ended, its result is below.
kb-step-reading = reading files
kb-step-chunking = splitting articles
kb-step-indexing = building the search
kb-step-embedding = embedding texts
kb-step-training = learning when there is no answer
kb-step-saving = saving
kb-step-checking = checking
kb-done = ✅ Release { $release } is ready: { $articles } articles, { $chunks } chunks, { $seconds } s. The bot answers from it already.
kb-unchanged = 👌 Nothing has changed since release { $release }: { $articles } articles, { $chunks } chunks. No new release is needed.
kb-held = ✋ Release { $release } is built but not switched on: I answer from release { $current }. See what the check doubts. Correct the articles and build again, or switch it on anyway.
kb-against = What speaks against it:
kb-doubt-articles = { $now } of { $before } articles are left: is a folder missing?
kb-doubt-chunks = { $now } of { $before } chunks are left: was too much deleted?
kb-doubt-golden-fewer = { $now } golden questions find their article; in the current release { $before } do
kb-doubt-golden-lost = golden questions that would no longer find their article: { $lost } of { $before }
kb-doubt-switched-meanwhile = somebody switched releases during the build: from { $before } to { $now }
kb-added = ➕ New articles: { $n }
kb-changed = ✏️ Changed: { $n }
kb-removed = ➖ Removed: { $n }
kb-more = …and { $n } more
kb-golden = 🎯 Golden questions: { $found } of { $asked } find their article
kb-golden-lost = No longer find it:
kb-golden-won = Find it now:
kb-golden-orphaned = Their article does not exist (correct golden.csv):
kb-failed = ❌ The build failed; I go on answering from the former release. Reason: { $reason }
kb-cause-sources = there is no readable article in the folder KNOWLEDGE_DIR. Check the folder, or send a file here. ({ $detail })
kb-cause-busy = another build is not coming to an end. Try again later. ({ $detail })
kb-cause-model = the model named in EMBEDDING_MODEL is not available. Whoever runs me can learn more from otvet doctor. ({ $detail })
kb-cause-release = the new release could not be written, or did not pass its own check. Check the free disk space: otvet kb doctor. ({ $detail })
kb-cause-unexpected = { $detail }
kb-errors = Could not be read, or needs a look:
kb-errors-none = 👌 Every file was read.
kb-addresses-new = 📇 New in the articles. Until you confirm them, answers with them go to an operator:
kb-addresses-none = 👌 Every address and promotional code of the articles has been decided about.
kb-diff = What has changed from release { $old } to release { $new }:
kb-diff-none = Nothing.
kb-diff-chunks = Chunks: { $added } new, { $changed } changed, { $removed } removed
kb-diff-one = There is one release so far: nothing to compare it with.
kb-rollback-ask = Switch from release { $current } to release { $release }? The files in the folder stay as they are: the next build takes their text again.
kb-rollback-none = There is nothing to go back to: no other release exists.
kb-rollback-gone = Release { $release } no longer exists: the last three are kept. /kb shows which there are.
kb-switched = ✅ I answer from release { $release }. The files in the folder are as they were: correct them before the next build, or the old text comes back.
kb-forced = ✅ Release { $release } is switched on: the bot answers from it.
kb-switch-failed = ❌ That did not work, everything is as it was. Reason: { $reason }
kb-expired = ⌛ This question is out of date, nothing has changed. Begin again: /kb
kb-changed-meanwhile = ⌛ Releases were switched meanwhile; nothing was done. See how it is now: /kb
kb-cancelled = Cancelled, nothing has changed.
kb-doc-ask = 📥 Add { $added ->
        [one] { $added } article
       *[other] { $added } articles
    }, replace { $replaced }?
kb-doc-nothing = 📥 There is nothing to add.
kb-doc-stored = 📥 Articles added: { $added }, replaced: { $replaced }. Building the release…
kb-doc-unchanged = There already, word for word: { $n }
kb-doc-refused = Not taken:
kb-doc-too-large = Telegram gives bots no files over 20 MB. Split the file, or put it into the folder KNOWLEDGE_DIR and press “Build again” in /kb.
kb-doc-not-downloaded = Telegram did not hand over the file “{ $name }”. Send it once more.
kb-doc-failed = ❌ The file was not added, nothing has changed. Reason: { $reason }
kb-doc-gone = ⌛ I no longer have these files. Send them once more.
kb-doc-done = This has been done already.
kb-undo-gone = ⌛ I no longer have the former files: they are kept for a week.
kb-undo-failed = ❌ The files could not be put back. Reason: { $reason }
kb-undo-reason = former files put back
button-kb-reload = 🔄 Build again
button-kb-diff = 📋 What has changed
button-kb-errors = ⚠️ Files worth a look ({ $n })
button-kb-addresses = 📇 New addresses ({ $n })
button-kb-show = ✅ { $address }
button-kb-refuse = ⛔ Never { $address }
button-kb-back = ↩️ Back to release { $release }
button-kb-forward = ↪️ Forward to release { $release }
button-kb-return = ↪️ Return to release { $release }
button-kb-switch = Yes, switch to release { $release }
button-kb-force = Switch to release { $release } anyway
button-kb-cancel = Cancel
button-kb-add = Add
button-kb-undo = ↩️ Put the former files back
age-minutes = { $n ->
        [one] { $n } minute
       *[other] { $n } minutes
    }
age-hours = { $n ->
        [one] { $n } hour
       *[other] { $n } hours
    }
age-days = { $n ->
        [one] { $n } day
       *[other] { $n } days
    }

## Commands in the menu

command-start = Start
command-help = What the bot can do
command-order = Where is my order
command-operator = Call an operator
command-language = Language / Язык
