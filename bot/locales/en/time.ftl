## What a customer can expect

expect-before = { $n ->
        [one] { $n } person is waiting before you.
       *[other] { $n } people are waiting before you.
    }
expect-minutes = We usually answer within { $n ->
        [one] { $n } minute.
       *[other] { $n } minutes.
    }
expect-closed = We are closed now and open { $day } at { $time }: we will answer right here.
expect-closed-long = We are closed now. We will answer right here as soon as we open.
day-today = today
day-tomorrow = tomorrow
day-weekday = { $day ->
        [mon] on Monday
        [tue] on Tuesday
        [wed] on Wednesday
        [thu] on Thursday
        [fri] on Friday
        [sat] on Saturday
       *[sun] on Sunday
    }
day-date = on { $date }
who-answers = { $name } is answering you.

## The end of a conversation

closed-reopens = The conversation with the operator is over. If anything is still unclear, write within the next { $n ->
        [one] { $n } minute
       *[other] { $n } minutes
    }: the same operator will answer. After that I am back, and you can call an operator again at any moment.
closed-silent = You have not answered for a while, so I am closing the conversation. If you still have a question, just write.
closed-rate = How well did we help you? Please rate us from 1 to 5.
closing-warning = Any questions left? If so, just write. If not, I will close the conversation in { $n ->
        [one] { $n } hour
       *[other] { $n } hours
    }.
closing-warning-at = Any questions left? If so, just write. If not, I will close the conversation { $day } at { $time }.
closing-warning-some-day = Any questions left? If so, just write. If not, I will close the conversation later.
button-word = ✍️ Add a comment
rating-thanks = Thank you for the rating!
rating-stale = This rating can no longer be changed.
rating-word-ask = What was good, what was missing? Write it in one message, as a reply to this one.
rating-word-thanks = Thank you! The operators will read it.

## For operators

card-rating = The customer's rating: { $stars }
card-rating-word = The customer's words: “{ $word }”
reason-noted = Reason noted: { $reason }
reason-silent = the customer does not answer
command-operator-bot = Give the customer back to the bot
remind-assignee = ⏰ { $name }, the customer has been waiting for { $n ->
        [one] { $n } minute
       *[other] { $n } minutes
    }.

## The digest

digest-waiting = 📋 Waiting for an answer: { $n }
digest-overdue = of them longer than promised: { $n }
digest-nobody = 📋 Nobody has been waiting for more than two minutes
digest-minutes = { $n } min
digest-few-minutes = under 5 min
digest-more = …and { $n } more
digest-call = 📣 { $names }: these customers have been waiting longer than promised.
digest-everybody = Everybody
digest-today = Conversations today: { $opened }, closed: { $closed }, answers of the bot: { $answers }
digest-first-reply = An operator's first reply: { $n } min (median)
digest-open = Open until { $time }
digest-closed = Closed; we open { $day } at { $time }
digest-replaced = 📋 The digest is further down now.
digest-closed-long = Closed
