## Who has a conversation

button-take = ✋ Take
desk-stale = This button is out of date.
desk-moved = The conversation has moved: { $link }
desk-stranger = Buttons work for members of this group. If you are one, write something and press again.
taken = The conversation is yours.
taken-already = The conversation is yours already.
taken-by = { $name } has this conversation.
