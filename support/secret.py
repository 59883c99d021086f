"""The secret that erased customers' ids are hashed with. It lies in DATA_DIR, made when first needed."""

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
    """Hashes ids so that nobody without the file can tell whose they were."""

    folder: Path

    def digest(self, chat_id: int) -> str:
        """Return HMAC-SHA-256 of a chat id, 64 hexadecimal digits.

        Raises:
            OSError: the file can be neither read nor made.
        """
        return hmac.new(self._key(), str(chat_id).encode(), hashlib.sha256).hexdigest()

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
