"""The report as one page to show: plain words, figures with their intervals, what to fix first."""

from evaluation.page.document import write_page

__all__ = ["write_page"]
