"""The secret behind erased customers' ids and the draw of the answer audit. It lies in DATA_DIR, made when needed."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = "erasure.key"


@dataclass(frozen=True, slots=True)
class Secret:
    """Hashes so that nobody without the file can tell whose an id was, or what will be drawn."""

    folder: Path

    def digest(self, chat_id: int) -> str:
        """Return HMAC-SHA-256 of a chat id, 64 hexadecimal digits.

        Raises:
            OSError: the file can be neither read nor made.
        """
        return hmac.new(self._key(), str(chat_id).encode(), hashlib.sha256).hexdigest()

    def draw(self, name: str) -> float:
        """Return a number, 0 ≤ n < 1, that is the same whenever it is drawn for a name and that nobody can foresee.

        Raises:
            OSError: the file can be neither read nor made.
        """
        drawn = hmac.new(self._key(), name.encode(), hashlib.sha256).digest()
        # As many bits as a float holds.
        return (int.from_bytes(drawn[:8]) >> 11) / 2**53

    def _key(self) -> bytes:
        path = self.folder / FILE
        try:
            return path.read_bytes()
        except FileNotFoundError:
            pass
        self.folder.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(f".{os.getpid()}")
        made.touch(mode=0o600)
        made.write_bytes(secrets.token_bytes(32))
        try:
            # A link fails where another process was first; a rename would give the installation a second secret.
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
        return path.read_bytes()
