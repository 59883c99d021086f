## Figures: /stats

stats-today = today
stats-days = { $n ->
        [one] { $n } day
       *[other] { $n } days
    }
stats-title = 📊 Statistics: { $period }
stats-talks = Conversations: { $n }, without a person: { $share }
stats-talks-none = There were no conversations.
stats-answers = Answered by the bot: { $n } (👍 { $useful } · 👎 { $useless })
stats-latency = An answer took { $p50 } s in half of the cases, { $p95 } s in 95%
stats-resolved = Resolved, no return within 3 days: { $share } of { $n }
stats-resolved-later = Resolved without a return: known in 3 days
stats-verified = Of them right as well: { $share }; answers people checked: { $n }
stats-verified-none = How many of them are right: no answer has been checked by people yet
stats-escalations = Handed to operators: { $n }, open now: { $open }, overdue: { $overdue }
stats-reason = { $n } — { $reason }
stats-first-reply = An operator's first reply: { $n } min (median)
stats-scores = Customers' ratings: { $n }, on average { $mean }
stats-gap = Most often unanswered: “{ $question }” ({ $n ->
        [one] { $n } customer
       *[other] { $n } customers
    })
stats-usage = Write /stats, /stats 7 or /stats page 30.
stats-gone = These questions are no longer there. Open the list again.
button-stats-1 = Today
button-stats-7 = 7 days
button-stats-30 = 30 days
button-stats-page = 📄 Page
button-stats-gaps = ❓ Unanswered
button-stats-back = ‹ Statistics
button-stats-draft = { $n } · draft an article
stats-gaps = ❓ What had no answer: { $period }
    Similar questions stand together. A button sends a draft article made of operators' words: edit it and send it here.
stats-gaps-none = No question was left unanswered.
stats-gap-line = { $number }. { $question }
    { $n ->
        [one] { $n } customer
       *[other] { $n } customers
    } · { $words }
stats-page-caption = Statistics: { $period }. Open the file in a browser.
stats-article-caption = A draft article. Edit it and send it back here: the bot adds it to the knowledge base.

## Alarm about a shift

stats-shift = 📈 In the last 7 days customers ask about something else (compared with the four weeks before):
stats-shift-topic = • “{ $topic }”: { $n ->
        [one] { $n } customer
       *[other] { $n } customers
    } instead of the usual { $usual }, { $times } times as many
stats-shift-new = • “{ $topic }”: { $n ->
        [one] { $n } customer
       *[other] { $n } customers
    }; hardly anybody asked about it before
stats-shift-scores = • the judge rates drafts lower: see whether the knowledge base is out of date
stats-shift-hint = More: /stats
stats-outcome = outcome: { $reason }
stats-intent = intent: { $name }

## Page

page-title = Support statistics
page-made = Made { $at }
page-contained = Without a person
page-contained-hint = conversations that needed no operator
page-resolved = Resolved, no return
page-resolved-hint = 3 days without a new question, an operator or 👎; a period 3 days earlier
page-verified = Right and no return
page-verified-hint = resolved, times how many answers there are right by the random audit
page-checked = answers checked: { $n }
page-latency = Time to the answer
page-latency-hint = median; 95% within { $p95 } s
page-of = { $hits } of { $total }
page-interval = 95%: { $low }⁠–⁠{ $high }
page-unknown = not known yet
page-by-day = Conversations by day
page-legend-contained = without a person
page-legend-person = with a person
page-reasons = Why a person was called
page-judge = Judge
page-judge-scores = Scores of drafts; the line is the threshold that decides: { $thresholds }
page-precision = Precision: right among those sent (random audit)
page-recall = Recall: sent among all that are right
page-held-audit = Right among those held back (random audit)
page-held-operators = Right among those held back (operators' verdicts: no random sample)
page-cannot-tell = Could not tell: { $n }
page-stages = Time by stage
page-stage = Stage
page-median = Median
page-p95 = 95%
page-count = Count
page-ms = { $n } ms
stage-queue = waiting in the queue
stage-generate = writing the answer
stage-judge = judging
stage-wait = waiting for the model
stage-first-token = to the first word
stage-write = writing
stage-opinion = the model's opinion
page-operators = Operators
page-operator = Operator
page-nobody = nobody took it
page-talks = Conversations
page-open = Open
page-first-reply = First reply
page-score = Rating
page-seconds = { $n } s
page-minutes = { $n } min
page-gaps = What had no answer
page-gaps-hint = Similar questions together, personal data hidden. The bot sends a draft article: /stats, “Unanswered”.
page-asked = { $n ->
        [one] { $n } customer
       *[other] { $n } customers
    }, questions: { $questions }
page-shift = Shift of the questions
page-shift-none = Customers ask about the same as before (features tested: { $n }).
page-shift-few = Too little data: { $week } customers asked in the week, { $before } in the four weeks before. It takes 30 and 100.
page-shift-psi = PSI of the intents: { $psi } (below 0.1 no change, above 0.25 a large one)
page-scores = Customers' ratings
page-intents = What they wrote about
page-nothing = There is no data for this period.
page-footer = How the figures are defined: docs/operations.md, “Watching”.
