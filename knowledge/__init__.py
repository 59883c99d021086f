"""Knowledge: documents → chunks → releases → hybrid search. A library of its own, without Telegram and without SQL."""
