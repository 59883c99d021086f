# The answer audit: the bot asks an operator whether an answer that was drawn at random is right.
audit-title = Answer audit
audit-ask = Is this answer right? Chance picked it; your word decides which of the bot's answers can be trusted.
audit-question = The customer's question
audit-answer = The bot's answer
audit-sources = Sources: { $headings }
audit-rule = “Right” means: all that it says is true, and the question is answered. In doubt: “Cannot tell”.
audit-waiting = { $n ->
    [one] { $n } more answer waits.
   *[other] { $n } more answers wait.
}
audit-judged = { $name }: { $verdict }
audit-done = All the answers that were drawn have been judged. Thank you!
audit-nobody = Operator
audit-right = right
audit-wrong = wrong
audit-unsure = cannot tell
button-audit-right = ✅ Right
button-audit-wrong = ❌ Wrong
button-audit-unsure = 🤷 Cannot tell
button-audit-next = Next answer →
audit-toast = Noted: { $verdict }. A slip? Press another button.
audit-same = Noted already: { $verdict }.
audit-passed = Another answer has taken its place.
