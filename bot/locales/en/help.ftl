## What the card shows

card-tried = The bot tried: { $steps }
card-orders = Orders that the customer has proved: { $orders }
card-suggestion = The bot's suggestion for the customer's last words (not seen by the customer):
card-source = { $heading } ({ $source })
card-draft-sent = ✅ { $name } sent the draft:
card-draft-edited = ✏️ { $name } answered in place of the draft.
card-draft-discarded = ✖️ { $name } discarded the draft.
why-low-score = the bot is not sure of its answer: score { $score } of 100, { $threshold } needed
doubt-question = the articles may not answer this question
doubt-subject = the answer hardly speaks of what was asked
doubt-name-asked = the sources do not mention “{ $detail }” from the question
doubt-figure = a price or a length of time was asked for, and the answer tells none
doubt-source-rank = another article fits the question better
doubt-sentence = not in the source: “{ $detail }”
doubt-number = the source lacks the number { $detail }
doubt-name = the source lacks the name { $detail }
doubt-negation = the source may say the opposite: “{ $detail }”
doubt-language = the source is in another language: “{ $detail }”
doubt-model-support = the judge model did not find the answer in the sources
doubt-model-relevance = the judge model thinks that this does not answer the question
doubt-model-unheard = the judge model did not reply
check-number-unsupported = the number { $detail } is not backed by the source
check-link-unsupported = the link { $detail } is not backed by the source
check-code-unsupported = the code { $detail } is not backed by the source
check-promise-unsupported = the draft promises something that the source does not
check-prompt-revealed = the draft tells the bot's own rules
check-address-strange = nobody has confirmed that customers may be shown { $detail } (/kb or SHOWN_ADDRESSES)
check-language-wrong = the draft is not in the customer's language
check-citation-missing = the draft names no source
check-citation-unknown = the draft names source { $detail }, which does not exist
check-no-answer = the model found no answer in the articles
check-empty = the draft is empty
tried-asked = asked what the question is about
tried-clarified = asked what the question is about (the customer pressed a button)
tried-searched = searched the knowledge base and found nothing
tried-searched-near = searched the knowledge base and found no answer (nearest: “{ $heading }”)
tried-unwritten = found articles but wrote no answer
tried-failed = wrote a draft that failed a check
tried-failed-because = wrote a draft that failed a check: { $why }
tried-low = wrote a draft that scored too low
tried-wrote = wrote a draft
tried-answered = answered from the knowledge base
tried-order-number-asked = asked for the order number
tried-order-proof-asked = asked for proof of the order
tried-order-refused = found no order with these details
tried-order-locked = locked the order look-up after too many wrong attempts
tried-order-shown = showed the order's status
summary-answered = “{ $asked }” — the bot answered: { $answered }
summary-disliked = {" "}👎
summary-asked = asked “{ $asked }”

## The draft

button-draft-send = ✉️ Send
button-draft-edit = ✏️ Edit
button-draft-discard = ✖️ Discard
button-draft-wrong = ⛔ Wrong source
button-draft-wrong-one = ⛔ Source { $n } is wrong
draft-sent = Sent to the customer.
draft-edit = ✏️ { $name }, copy this, change it and send it here. Within { $n } minutes your next message goes to the customer in place of the draft:
draft-edit-toast = Your next message goes out in place of the draft.
draft-discarded = Draft discarded.
draft-refused-stale = This draft is no longer on the card.
draft-refused-decided = Already decided: { $name }.
draft-refused-gone = Not sent: the article behind the draft was changed or deleted.
draft-refused-editing = Another operator is editing the draft.
draft-refused-answered = The customer has been answered already. If the draft is still needed, press “✏️ Edit” and send it yourself.
said-rival = { $name } has this conversation. Write something yourself: the bot asks before sending it, and these buttons work then.
said-not-delivered = ⚠️ The customer did not get “{ $text }”: { $reason }

## Canned replies

command-operator-c = Canned replies: /c words
command-operator-kb = Search the base: /kb search words
canned-none = There are no canned replies yet. Add one: /c add name with the text on a new line, or /c add name as a reply to a message.
canned-list = Canned replies:
canned-found = Several fit:
canned-not-found = Nothing like that. All canned replies: /c
canned-more = …and { $n } more. Narrow it: /c words
canned-shown = 📋 { $name } ({ $language })
canned-blank = ⚠️ Missing: { $names }. Fill it in yourself: copy the text and send it here.
canned-blank-order = the order number
canned-blank-name = the customer's name
canned-blank-operator = your name
canned-sent = ✅ Sent by { $name }:
canned-sent-toast = Sent to the customer.
canned-gone = This canned reply no longer exists.
canned-usage = /c lists the canned replies, /c words finds one, /c add name with the text on a new line (or as a reply to a message) adds one, /c delete name deletes one. The text may hold { "{name}" }, { "{operator}" } and { "{order}" }.
canned-unknown-variable = Not saved: there is no variable { $name }. There are { "{name}" }, { "{operator}" } and { "{order}" }.
canned-not-yours = Another operator added this canned reply: only they, a senior or an administrator can change or delete it.
button-canned-send = ✉️ Send
button-canned-back = ↩️ All

## Searching the knowledge base

kb-search-usage = What shall I search for? For example: /kb search delivery times
kb-search-none = The knowledge base has nothing on that.
kb-search-no-base = The knowledge base is not available right now.
kb-search-found = 🔎 “{ $query }”
kb-search-sent = ✅ Sent by { $name }
kb-search-wrong = ⛔ Set aside until an administrator decides
kb-search-sent-toast = Sent to the customer.
kb-search-gone = Not sent: the knowledge base no longer holds this text.
button-kb-send = ✉️ { $n }
button-kb-wrong = ⛔ { $n } is wrong
quarantined-toast = Source set aside: the bot does not answer from it until an administrator decides.
quarantined-already = The source is set aside already.

## Wrong source

quarantine-ask = ⛔ { $name } says that a source is wrong. The bot does not answer from it until you decide.
quarantine-place = { $heading }
    File: { $source }
button-quarantine-keep = ✅ Right, keep
button-quarantine-remove = 🗑 Wrong, remove
quarantine-kept = ✅ Decided: the source is right, the bot answers from it again.
quarantine-removed = 🗑 Decided: the source is wrong. Correct the file { $source } and build again: /kb reload. As long as its text is the same, the bot does not answer from it.
quarantine-decided = Already decided.
kb-state-quarantine = { $waiting ->
        [0] ⛔ Wrong sources removed: { $removed }
       *[other] ⛔ Waiting for your decision (wrong source): { $waiting }, removed: { $removed }
    }
