"""The Bot API's methods that the sandbox has, by subject; each module has a table ``METHODS``."""
