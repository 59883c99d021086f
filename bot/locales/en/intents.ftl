command-operator-intent = The bot took it for something else
intent-nothing = This customer has not written any words yet that could be remembered.
intent-which = What is this message really about?
intent-add = Add an example of “{ $label }”? This would be stored:
intent-yes = Add
intent-no = Leave it
intent-added = Added to “{ $label }”, the bot goes by it already:
intent-undo = Undo
intent-left = Nothing was stored.
intent-removed = The example is gone.
intents-line = { $label }: { $examples } in the file, { $added } added
intents-last = Added last:
intents-remove = Remove { $number }

## What the bot understood

guess-rule = Taken for: “{ $label }” (by a rule)
guess-model = Taken for: “{ $label }”, { $sure }% sure
guess-language-model = Taken for: “{ $label }” (the model decided: the bot was only { $sure }% sure)
guess-button = Taken for: “{ $label }” (the customer chose it)
guess-corrected = { $guess } → corrected to “{ $label }”
button-misread = 🏷 Misunderstood
misread-admins = Only an administrator can correct what the bot takes a message for. Tell one of them what is wrong here.
misread-asked = You were asked in your private chat. Nothing there? Send the bot /start and press again.
intent-rule = A rule decided this, not the examples: it goes on taking these very words so; similar ones will be understood better.

## What /help adds for an administrator

help-admin = For an administrator:

    • knowledge base: /kb, /kb reload, /kb rollback; a file sent here becomes an article
    • what the bot takes messages for: /intents — the examples, take some back; to correct: the card's button “Misunderstood” or /intent in a customer's topic
    • figures: /stats
    • erase a customer: /erase @name
    • the operators' commands: /commands in the group
