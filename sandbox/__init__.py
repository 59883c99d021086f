"""A local Telegram: Bot API server, people's side of it, and a web page, all in one process."""
