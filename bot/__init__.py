"""The Telegram side: composition root, handlers, delivery, topics, texts."""

from bot.lazy_models import import_types

import_types()  # before any module of this package imports aiogram
