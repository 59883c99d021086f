"""The commands, one module a subject. What they need is imported when they run, so that ``--help`` is fast."""
