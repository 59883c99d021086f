"""How much of everything is read: what lies above is refused with a sentence, never read in part without one."""

MAX_TEXT_BYTES = 10_000_000
"""Of a Markdown, text, HTML, CSV or JSON file: twenty thick books."""
MAX_BINARY_BYTES = 25_000_000
"""Of a PDF, DOCX or XLSX file; Telegram hands a bot at most 20 MB."""
MAX_UNPACKED_BYTES = 200_000_000
"""Of everything in a zip, also in the zip that a DOCX or XLSX file is."""
MAX_PARTS = 5_000
"""Files in the zip that a DOCX or XLSX file is."""
MAX_FILES = 20_000
"""In the knowledge folder."""
MAX_ZIPPED_FILES = 2_000
MAX_DEPTH = 20
"""Folders in folders."""
MAX_PAGES = 2_000
MAX_ROWS = 100_000
"""In one sheet."""
MAX_COLUMNS = 500
MAX_LETTERS = 10_000_000
"""Of text in one document, after unpacking."""
MAX_HEADING_LETTERS = 300
"""A longer heading, title or question is a paragraph by mistake."""
READ_SECONDS = 30.0
"""For one file; a thousand-page PDF takes about ten on a slow core."""
READER_BYTES = 2_000_000_000
"""Address space of the process that reads foreign files."""
