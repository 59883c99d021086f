"""Why a file cannot be read."""


class UnreadableError(Exception):
    """A sentence for the admin that goes on after the file's name, with the 1-based line or page if there is one."""

    def __init__(self, reason: str, line: int | None = None, page: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.line, self.page = reason, line, page
