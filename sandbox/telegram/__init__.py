"""Telegram as the bot and people see it, free of HTTP: chats, messages, updates, limits, methods."""
