"""Files as Telegram keeps them: an id for the bot, a unique id, a path to download from."""

import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

from sandbox.telegram.errors import Json, bad_request

DOWNLOAD_LIMIT = 20 * 1024 * 1024
PHOTO_LIMIT = 10 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024

MEDIA_KINDS = ("photo", "voice", "audio", "document", "sticker", "video", "video_note", "animation")

_FOLDERS = {"photo": "photos", "voice": "voice", "sticker": "stickers", "video": "videos", "document": "documents"}
_SUFFIXES = {"photo": ".jpg", "voice": ".oga", "sticker": ".webp", "video": ".mp4", "video_note": ".mp4"}
_MIME_TYPES = {"voice": "audio/ogg", "video": "video/mp4", "audio": "audio/mpeg", "animation": "video/mp4"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in."""

    data: bytes
    file_name: str | None = None
    mime_type: str | None = None
    declared_size: int | None = None
    """What it is said to weigh, where the bytes do not matter."""

    @property
    def size(self) -> int:
        """Bytes, real or declared."""
        return len(self.data) if self.declared_size is None else self.declared_size


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that Telegram has."""

    kind: str
    file_id: str
    file_unique_id: str
    file_path: str
    upload: Upload
    media: Json
    """The file as it stands in a message, e.g. the value of ``voice``; a photo's largest size."""

    @property
    def downloadable(self) -> bool:
        """Whether a bot may download it."""
        return self.upload.size <= DOWNLOAD_LIMIT

    def description(self) -> Json:
        """The Bot API's File object."""
        if not self.downloadable:
            raise bad_request("file is too big")
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_unique_id,
            "file_size": self.upload.size,
            "file_path": self.file_path,
        }


class FileStore:
    """All files of one world, in memory."""

    def __init__(self) -> None:
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}

    def add(self, kind: str, upload: Upload, extra: Json) -> StoredFile:
        """Keep a file; ``extra`` adds what its sender says about it (duration, emoji …)."""
        number = len(self._by_id) + 1
        suffix = PurePosixPath(upload.file_name or "").suffix or _SUFFIXES.get(kind, "")
        media = {
            "file_id": f"sandbox-{kind}-{number:06d}",
            "file_unique_id": f"unique{number:06d}",
            "file_size": upload.size,
            **_shape(kind, upload),
            **extra,
        }
        stored = StoredFile(
            kind,
            media["file_id"],
            media["file_unique_id"],
            f"{_FOLDERS.get(kind, kind)}/file_{number}{suffix}",
            upload,
            media,
        )
        self._by_id[stored.file_id] = stored
        self._by_path[stored.file_path] = stored
        return stored

    def get(self, file_id: str) -> StoredFile | None:
        """Find a file by the id that the bot knows."""
        return self._by_id.get(file_id)

    def at(self, file_path: str) -> StoredFile | None:
        """Find a file by its download path."""
        return self._by_path.get(file_path)


def in_message(kind: str, stored: StoredFile) -> Json:
    """The fields that a message with this file carries."""
    if kind == "photo":
        return {"photo": [stored.media]}
    if kind == "animation":
        return {"animation": stored.media, "document": stored.media}
    return {kind: stored.media}


def _shape(kind: str, upload: Upload) -> Json:
    named: Json = {"mime_type": upload.mime_type or _MIME_TYPES.get(kind, "application/octet-stream")}
    if upload.file_name:
        named["file_name"] = upload.file_name
    width, height = image_size(upload.data) or (640, 480)
    size = {"width": width, "height": height}
    shapes: dict[str, Json] = {
        "photo": size,
        "sticker": {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
        "voice": {"duration": 1, "mime_type": named["mime_type"]},
        "video_note": {"length": 240, "duration": 1},
        "video": {**size, "duration": 1, **named},
        "animation": {**size, "duration": 1, **named},
        "audio": {"duration": 1, **named},
    }
    return shapes.get(kind, named)


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, GIF or JPEG; None for anything else."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:  # noqa: PLR2004 - signature, length, IHDR, two integers
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data[:4] == b"GIF8" and len(data) >= 10:  # noqa: PLR2004
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 <= len(data) and data[position] == 0xFF:  # noqa: PLR2004 - every JPEG segment starts so
        marker = data[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004 - start of a frame
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + struct.unpack(">H", data[position + 2 : position + 4])[0]
    return None
