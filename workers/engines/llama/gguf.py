"""The header of a GGUF file: what a model is and how large it will be, without loading it.

https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_FORMATS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_ALIGNMENT: Final = 32
# Nothing real comes near; a broken file must not make us read or keep gigabytes.
_MOST: Final = 1 << 20
_LONGEST_TEXT: Final = 1 << 24
_KEPT_ITEMS: Final = 1024

Value = int | float | bool | str | list[object] | None


class GgufError(Exception):
    """The file is no usable GGUF; the message is the end of a sentence about it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the weights."""

    values: dict[str, Value]
    """Metadata by key; arrays of more than 1,024 entries, vocabularies, are None."""
    size: int
    """Bytes of the file."""
    tensors: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Names and sizes, the fastest running dimension first: a matrix is (inputs, outputs)."""

    @property
    def architecture(self) -> str:
        """The family of the model, like ``qwen3``."""
        return str(self.values.get("general.architecture", ""))

    def number(self, key: str, default: int = 0) -> int:
        """Return a number of this architecture, of a list by layer the mean rounded up."""
        value = self.values.get(f"{self.architecture}.{key}", default)
        if isinstance(value, list):
            numbers = [item for item in value if isinstance(item, int)]
            return -(-sum(numbers) // len(numbers)) if numbers else default
        return int(value) if isinstance(value, int | float) else default

    @property
    def cell_bytes(self) -> int:
        """Memory of one token in all layers, keys and values in 16 bits."""
        heads = self.number("attention.head_count")
        width = self.number("embedding_length") // heads if heads else 0
        per_head = self.number("attention.key_length", width) + self.number("attention.value_length", width)
        return 2 * self.number("block_count") * self.number("attention.head_count_kv", heads) * per_head


def read_header(path: Path) -> Header:
    """Read metadata and the table of tensors.

    Raises:
        GgufError: not a GGUF, of another version, or shorter than its header says.
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise GgufError("is not a GGUF file")
        try:
            return _header(file, size)
        except (struct.error, UnicodeDecodeError, EOFError) as error:
            raise GgufError("is cut off or damaged: its header cannot be read") from error


def _header(file: BinaryIO, size: int) -> Header:
    version = _number(file, "<I")
    if version not in _VERSIONS:
        raise GgufError(f"is a GGUF of version {version}, this program reads {_VERSIONS[0]} and {_VERSIONS[1]}")
    count, pairs = _count(file), _count(file)
    values: dict[str, Value] = {}
    for _ in range(pairs):
        key = _text(file)
        values[key] = _value(file, _number(file, "<I"))
    last = 0
    tensors: dict[str, tuple[int, ...]] = {}
    for _ in range(count):
        name = _text(file)
        tensors[name] = tuple(_number(file, "<Q") for _ in range(_number(file, "<I")))
        _number(file, "<I")
        last = max(last, _number(file, "<Q"))
    alignment = values.get("general.alignment")
    step = alignment if isinstance(alignment, int) and alignment > 0 else _ALIGNMENT
    begin = -(-file.tell() // step) * step
    if tensors and begin + last >= size:
        raise GgufError(f"is cut off: {size:,} bytes, and its last tensor would begin at {begin + last:,}")
    return Header(values, size, tensors)


def _value(file: BinaryIO, kind: int) -> Value:
    if kind == _STRING:
        return _text(file)
    if kind != _ARRAY:
        return _scalar(file, kind)
    inner, count = _number(file, "<I"), _count(file)
    items: list[object] = []
    for _ in range(count):
        item = _text(file) if inner == _STRING else _scalar(file, inner)
        if count <= _KEPT_ITEMS:
            items.append(item)
    return items if count <= _KEPT_ITEMS else None


def _scalar(file: BinaryIO, kind: int) -> int | float | bool:
    if kind not in _FORMATS:
        raise GgufError(f"is damaged: there is no value of kind {kind}")
    form = _FORMATS[kind]
    value: int | float | bool = struct.unpack(form, file.read(struct.calcsize(form)))[0]
    return value


def _number(file: BinaryIO, form: str) -> int:
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])


def _count(file: BinaryIO) -> int:
    count = _number(file, "<Q")
    if count > _MOST:
        raise GgufError("is damaged: its header speaks of millions of entries")
    return count


def _text(file: BinaryIO) -> str:
    length = _number(file, "<Q")
    if length > _LONGEST_TEXT:
        raise GgufError("is damaged: its header holds a text of many megabytes")
    encoded = file.read(length)
    if len(encoded) < length:
        raise EOFError
    # A vocabulary's pieces may be halves of characters.
    return encoded.decode(errors="replace")
