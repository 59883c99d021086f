# The report of `otvet eval all --html`: for the owner, in plain words.
evaluation-title = How far the bot can be trusted
evaluation-head = Checked on { $date } · articles: { $articles } · questions and messages: { $items }
evaluation-headline = Of 100 answers that the bot sent, { $n ->
    [one] { $n } is right
   *[other] { $n } are right
 }
evaluation-headline-interval = This is a sample: in truth { $low } to { $high } are right (95% confidence)
evaluation-headline-few = Too early to say: only { $n ->
    [one] { $n } sent answer was checked
   *[other] { $n } sent answers were checked
 }
evaluation-headline-few-interval = Of 100 such answers { $low } to { $high } are right (95%)
evaluation-headline-none = The bot sent no answer at all
evaluation-headline-basis = { $total } sent answers were checked, { $hits } of them are right. A right answer { $right }.
evaluation-right-sources = cites an article that answers the question; nobody read the text itself
evaluation-right-facts = holds the expected facts; where none are given, it cites a right article
evaluation-headline-self = Of the questions that the articles answer the bot answers { $share } by itself ({ $low }–{ $high }); the rest go to a person, are asked back or are taken for something else.

evaluation-outcomes = What became of the { $n ->
    [one] { $n } question
   *[other] { $n } questions
 } of this check
evaluation-outcome-right = { $n ->
    [one] answered rightly
   *[other] answered rightly
 }
evaluation-outcome-wrong = { $n ->
    [one] answered wrongly
   *[other] answered wrongly
 }
evaluation-outcome-person = { $n ->
    [one] not answered: with a person, asked back or taken for something else
   *[other] not answered: with a person, asked back or taken for something else
 }

evaluation-verdict = What is right and what is wrong
evaluation-verdict-good = Right
evaluation-verdict-bad = Wrong
evaluation-verdict-good-none = Nothing yet: no aim is reached.
evaluation-verdict-bad-none = Nothing: every aim is reached, and no wrong answer was sent.
evaluation-verdict-stranger = A stranger’s order was shown { $n ->
    [one] once
   *[other] { $n } times
 }. That must never happen.
evaluation-verdict-no-stranger = No stranger ever saw an order ({ $n ->
    [one] { $n } dialogue
   *[other] { $n } dialogues
 } played).
evaluation-verdict-wrong = Customers would have seen { $n ->
    [one] { $n } wrong answer
   *[other] { $n } wrong answers
 } (of { $total } sent). Here they are.
evaluation-verdict-none-wrong = No wrong answer was sent ({ $n } checked).
evaluation-verdict-unanswerable = Answered although the articles have no answer: { $n ->
    [0] never
    [one] once
   *[other] { $n } times
 } in { $total } ({ $share }). The aim: at most { $most }.
evaluation-verdict-few = These are too few to tell.
evaluation-verdict-routing = Understands what the customer wants: { $share } ({ $hits } of { $total } messages). The aim: at least { $wanted }.
evaluation-verdict-first = Finds the right article first: { $share } ({ $hits } of { $total } questions). The aim: at least { $wanted }.
evaluation-verdict-held = { $n ->
    [one] { $n } right answer was written and not sent: the bot was not sure, and it went
   *[other] { $n } right answers were written and not sent: the bot was not sure, and they went
 } to an operator. No danger, but it costs people’s time.

evaluation-figures = All figures
evaluation-figure-right = Right, of what was sent
evaluation-figure-answered = Answered by the bot
evaluation-figure-answered-right = Answered, and rightly
evaluation-figure-first = Right article found first
evaluation-figure-unanswerable = Answered what has no answer
evaluation-figure-routing = Messages understood
evaluation-figure-orders = Dialogues about orders passed
evaluation-figure-followups = Follow-ups understood
evaluation-figure-of = { $hits } of { $total } · 95%: { $low }–{ $high }
evaluation-by-language = By language
evaluation-total = total
evaluation-ru = Russian
evaluation-en = English
evaluation-leak = A stranger’s order was shown { $count } times. Put this right before anything else.
evaluation-figure = Figure

evaluation-fixes = What to fix first
evaluation-fixes-lead = What wins most stands first. The number on the left: how many questions of this check would then go as they should.
evaluation-fixes-none = Not one mistake: nothing to fix.
evaluation-fixes-others = Then { $n ->
    [one] { $n } more
   *[other] { $n } more
 }
evaluation-fixes-more = The rest ({ $count }, smaller) is in the JSON report.
evaluation-won = +{ $n }
evaluation-lost = costs { $count }
evaluation-fix-restore-article = Bring back or write the article { $about }: it answers these questions, and the knowledge base lacks it.
evaluation-fix-write-article = Add an article: the answer to these questions ({ $about }) was found nowhere.
evaluation-fix-add-words = The article { $about } is not found by the words { $words }. Write them into it: in a heading, or as a question with its answer.
evaluation-fix-add-words-plain = The article { $about } is not found. Add a question with its answer in customers’ words.
evaluation-fix-add-pair = The article { $about } is found, but the bot does not believe that it answers. Add a question with its answer that uses the words { $words }.
evaluation-fix-add-pair-plain = The article { $about } is found, but the bot does not believe that it answers. Add a question with its answer in customers’ words.
evaluation-fix-split-article = The answer is in { $about }, and the bot answers from another place{ $instead }. Split the article into short sections with clear headings, or connect a language model.
evaluation-fix-instead = { " " }(now { $about })
evaluation-fix-lower-threshold = Lower the threshold from { $instead } to { $about } (ANSWER_THRESHOLD): the bot would send { $won ->
    [one] { $won } more right answer that now goes
   *[other] { $won } more right answers that now go
 } to an operator. { $lost ->
    [0] No wrong one would be sent.
    [one] { $lost } wrong one would be sent, too; the share of wrong answers would not rise.
   *[other] { $lost } wrong ones would be sent, too; the share of wrong answers would not rise.
 } This was counted on these very questions: try it on others.
evaluation-fix-raise-threshold = Raise the threshold from { $instead } to { $about } (ANSWER_THRESHOLD): { $won ->
    [one] { $won } wrong answer would not be sent.
   *[other] { $won } wrong answers would not be sent.
 } { $lost ->
    [0] No right one would be held back.
    [one] { $lost } right one would go to an operator, too.
   *[other] { $lost } right ones would go to an operator, too.
 } This was counted on these very questions: try it on others.
evaluation-fix-add-examples = The bot took “{ $about }” for “{ $instead }”. Add such messages as examples: with /intent in the chat, or in INTENTS_FILE.
evaluation-fix-add-examples-unsure = The bot did not see that this is “{ $about }”, and asked the customer back. Add such messages as examples: with /intent in the chat, or in INTENTS_FILE.
evaluation-fix-look-at-checks = Checks stopped right answers: see what the articles that they cite lack.
evaluation-fix-look-at-dialogues = Dialogues ended otherwise than they must: see them below.

evaluation-limits = What these figures do not say
evaluation-limit-mix = The questions of this check are not your customers. The articles have no answer to { $share } of them; if there are more such in life, more answers will be wrong.
evaluation-limit-right = “Right” means: it { $right }.
evaluation-limit-chance = The 95% interval knows only the chance in choosing questions, not that tomorrow’s will be about something else.
evaluation-limit-tuned = If you changed articles or the threshold by these very questions, life will be worse than this: keep some questions back.
evaluation-limit-drafts = Drafts left out: { $count }. Nobody has looked at them, so they do not count.

evaluation-assurance = The threshold and what it guarantees
evaluation-assurance-none = The threshold { $threshold } is the default or was set by eye: nothing is guaranteed. For a guarantee a person must judge answers of the bot that were drawn at random:
evaluation-assurance-missing = at most { $limit }% wrong: { $n ->
    [one] { $n } more judged answer without a mistake
   *[other] { $n } more judged answers without a mistake
 }
evaluation-assurance-how = The bot asks operators to judge random answers; otvet eval calibrate chooses the threshold by them. The questions of this check do not count: people chose them, not chance.
evaluation-assurance-done = Language { $language }: the threshold { $threshold } was chosen by { $audited } random answers that people judged, { $wrong } of them wrong. At most { $most } of what is sent is wrong, with { $confidence } confidence, as long as questions and base are like those that were judged.
evaluation-assurance-left-out = It had no part in this report: it was to be measured at { $threshold } (ANSWER_THRESHOLD).
evaluation-assurance-other-version = It does not decide now: engine, model, its instructions or the judge are others than those it was chosen for, and { $threshold } (ANSWER_THRESHOLD) decides. Judge new answers and choose it again.
evaluation-assurance-here = The answers in this report were selected by the threshold: { $thresholds }.

evaluation-risk = More answers, more mistakes
evaluation-risk-lead = The lower the threshold, the more questions the bot answers by itself, and the more of its answers are wrong, as a rule. The dot is the bot’s threshold ({ $threshold }): { $coverage } answered, { $wrong } of them wrong ({ $low }–{ $high }).
evaluation-risk-x = Answered by the bot, share of all questions
evaluation-risk-y = Wrong among the answers
evaluation-risk-point = threshold { $threshold }
evaluation-risk-points = the bot’s thresholds
evaluation-risk-legend = The band is the 95% interval.
evaluation-risk-empty = Not one answer was written: there is nothing to draw.
evaluation-reliability = What a score of 0.8 means
evaluation-reliability-lead = The judge gives every answer a score from 0 to 1. If it can be trusted, 80% of the answers with about 0.8 are right: the dots lie on the line. Below the line the judge is too sure, above it too strict.
evaluation-reliability-figures = Mean error of the score: { $error } ({ $low }–{ $high }). A right answer is scored above a wrong one in { $auroc } of cases ({ $auroc_low }–{ $auroc_high }).
evaluation-reliability-x = The judge’s score
evaluation-reliability-y = Share of right answers
evaluation-reliability-bin = Score { $low }–{ $high }: { $hits } of { $total } right
evaluation-routes = Where messages go
evaluation-routes-lead = A row is where a message belongs, a column where the bot sent it. Whatever is off the diagonal is a mistake; “asks back” means two buttons for the customer.
evaluation-route-right = Right ↓ Bot →
evaluation-route-question = question
evaluation-route-order_status = order
evaluation-route-operator = operator
evaluation-route-complaint = complaint
evaluation-route-greeting = greeting
evaluation-route-out_of_scope = off topic
evaluation-route-unsure = asks back
evaluation-route-thanks = thanks
evaluation-route-goodbye = goodbye
evaluation-route-small_talk = small talk
evaluation-latency = How long it takes
evaluation-latency-lead = Milliseconds on this machine; p95: 95 questions of 100 are faster.
evaluation-latency-stage = Step
evaluation-latency-count = Measured
evaluation-latency-search = search
evaluation-latency-prepare = search, and whether there is an answer
evaluation-latency-generate = writing the answer
evaluation-latency-judge = checking the answer
evaluation-latency-classify = intent
evaluation-latency-desk = the whole decision about a message
evaluation-latency-order-step = a step of a dialogue about an order
evaluation-milliseconds = ms

evaluation-clusters = Where the mistakes are
evaluation-clusters-lead = A row is what the message is about, a column what failed. The texts follow.
evaluation-clusters-none = No mistakes.
evaluation-intent = Intent
evaluation-dialogue = dialogue
evaluation-quoted = “{ $text }”
evaluation-texts-more = … and { $count } more in the JSON report.
evaluation-stage-article = no article
evaluation-stage-article-is = The expected article is not in the knowledge base.
evaluation-stage-search = search missed
evaluation-stage-search-is = The right article was not among what was found.
evaluation-stage-no_answer = thought there was no answer
evaluation-stage-no_answer-is = The article was found, but the bot decided that it does not answer, and called a person.
evaluation-stage-engine = answer from the wrong place
evaluation-stage-engine-is = The article was found, and the answer was written from another one or without the expected facts; no customer would see it.
evaluation-stage-check = stopped by a check
evaluation-stage-check-is = A right answer failed the check of numbers, links or promises.
evaluation-stage-risk = a person decides
evaluation-stage-risk-is = A right answer was held back: the message demands a decision about money or threatens to sue.
evaluation-stage-judge_strict = judge too strict
evaluation-stage-judge_strict-is = A right answer below the threshold: it went to a person.
evaluation-stage-judge_lax = wrong answer sent
evaluation-stage-judge_lax-is = What matters most: customers would see these answers.
evaluation-stage-route = taken for something else
evaluation-stage-route-is = The message went elsewhere.
evaluation-stage-orders = orders
evaluation-stage-orders-is = A dialogue about an order ended otherwise.
evaluation-stage-follow_up = follow-up
evaluation-stage-follow_up-is = A question that leans on the one before was misunderstood.
evaluation-asked = Customer
evaluation-expected = Expected
evaluation-got = Got
evaluation-person = a person
evaluation-found-at = right article at place { $rank }
evaluation-found-nowhere = right article not among the first ten
evaluation-scored = score { $score }
evaluation-lacks = lacks: { $facts }
evaluation-holds = must not say: { $facts }

evaluation-comparison = Compared with an earlier report
evaluation-comparison-lead = { $file } of { $date }, questions and messages of both: { $items }. Each question is compared with itself.
evaluation-comparison-apart = Not compared: { $before } only in the earlier report, { $now } only in this one.
evaluation-comparison-before = Before
evaluation-comparison-now = Now
evaluation-comparison-change = Difference, 95%
evaluation-comparison-verdict = Verdict
evaluation-points = { $value } pp
evaluation-comparison-better = better
evaluation-comparison-worse = worse
evaluation-comparison-chance = may be chance
evaluation-comparison-same = the same
evaluation-comparison-won = better now
evaluation-comparison-lost = worse now
evaluation-difference-right_source_first = Right article first
evaluation-difference-answered_right = Answered, and rightly
evaluation-difference-wrong_sent = Sent something wrong
evaluation-difference-coverage = Answered by the bot
evaluation-difference-routing = Messages understood
evaluation-difference-dialogues = Dialogues as they must be

evaluation-provenance = Where the figures come from
evaluation-provenance-version = Version of Otvet
evaluation-provenance-date = Measured
evaluation-provenance-command = Command
evaluation-provenance-basket = Basket
evaluation-provenance-knowledge = Knowledge base
evaluation-provenance-hidden = Passages taken out
evaluation-provenance-engine = Engine
evaluation-provenance-models = Models
evaluation-provenance-threshold = Threshold
evaluation-provenance-masked = Real customers’ words are masked where the basket was made from conversations.
