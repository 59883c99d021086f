"""The Telegram side: composition root, handlers, delivery, topics, texts."""
