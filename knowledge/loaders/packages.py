"""The zip of XML parts that a DOCX or XLSX file is (ECMA-376 part 2), looked through before any library opens it."""

import io
import zipfile
import zlib
from xml.parsers import expat

from knowledge.loaders.limits import MAX_PARTS, MAX_UNPACKED_BYTES
from knowledge.loaders.unreadable import UnreadableError

_OLD_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_ENCRYPTED_FLAG = 0x1
_MAX_NESTING = 200
_XML = (".xml", ".rels")


def check_package(raw: bytes, kind: str, main_part: str) -> None:
    """Return if the package is sound and small enough; part 2 forbids the document type declarations of XML bombs.

    Raises:
        UnreadableError: it is not, or it is no such package.
    """
    if raw.startswith(_OLD_MAGIC):
        if _ENCRYPTED_STREAM in raw:
            raise UnreadableError("is protected with a password: save it without one")
        raise UnreadableError(f"is a file of an old {kind} under a new name: open it and save it anew")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            _check_sizes(package)
            if main_part not in package.namelist():
                raise UnreadableError(f"is no {kind} file")
            for part in package.infolist():
                if part.filename.lower().endswith(_XML):
                    _check_xml(package.read(part), kind)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError) as error:
        raise UnreadableError(f"is damaged, or no {kind} file: open it in its own program and save it again") from error


def _check_sizes(package: zipfile.ZipFile) -> None:
    # zipfile never unpacks more of a part than its directory declares, so that the declared sizes bound the real ones.
    parts = package.infolist()
    if len(parts) > MAX_PARTS:
        raise UnreadableError(f"has more than {MAX_PARTS:,} parts inside: it is damaged or made to harm")
    if sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        most = MAX_UNPACKED_BYTES // 1_000_000
        raise UnreadableError(f"unpacks to more than {most} MB: make its pictures smaller, or split it")
    if any(part.flag_bits & _ENCRYPTED_FLAG for part in parts):
        raise UnreadableError("is protected with a password: save it without one")


def _check_xml(part: bytes, kind: str) -> None:
    parser = expat.ParserCreate()
    depth = 0

    def declared(*_: object) -> None:
        raise UnreadableError("declares XML entities, which no office program does: it is made to harm")

    def opened(*_: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAX_NESTING:
            raise UnreadableError("is nested too deeply")

    def closed(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    try:
        parser.Parse(part, True)  # expat's own signature
    except expat.ExpatError as error:
        raise UnreadableError(f"is damaged, or no {kind} file: open it in its own program and save it again") from error
