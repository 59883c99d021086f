"""The channel-neutral core: settings, tables, turns, intents, orders, escalations, the queue."""
