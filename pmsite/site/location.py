"""Where a picture or film was taken, as cameras write it into the file: found by what it looks like, in any container.

Exif stands in JPEG, PNG, WebP, AVIF and PDF as the same small TIFF file (CIPA DC-008, section 4.6), and XMP as the
same plain XML: the bytes are searched for these two instead of taking each format apart.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress

_TIFF = re.compile(rb"II\*\0|MM\0\*")
_XMP = re.compile(rb"GPS(?:Dest)?(?:Latitude|Longitude)\b|com\.apple\.quicktime\.location")
# The place of a film in QuickTime's user data: https://developer.apple.com/documentation/quicktime-file-format
_FILM = re.compile(rb"\xa9xyz.{4}[+-]\d{1,3}\.\d+[+-]\d", re.DOTALL)
# PNG keeps text compressed; ImageMagick keeps Exif in it, in hexadecimal digits.
_PNG_TEXT = re.compile(rb"(?:zTXt|iTXt)[^\0]{1,79}\0")
_HEX_PROFILE = re.compile(
    rb"Raw profile type (?:exif|APP1)\0?[\0-\x20]*(?:exif|APP1)?\s+\d+\s+([0-9a-fA-F\s]+)"
)
_GPS_DIRECTORY = 0x8825
# Latitude, longitude, those of the destination, and the name of the area.
_PLACES = frozenset({0x02, 0x04, 0x14, 0x16, 0x1C})
_MAX_ENTRIES = 1_000
_MAX_TEXT = 1 << 20


def says_place(content: bytes) -> bool:
    """Whether a file holds the place where it was taken."""
    return any(_says_place(part) for part in (content, *_unpacked(content)))


def _says_place(content: bytes) -> bool:
    if _XMP.search(content) or _FILM.search(content):
        return True
    return any(_has_place(content, found.start()) for found in _TIFF.finditer(content))


def _has_place(content: bytes, start: int) -> bool:
    """Whether the first directory of the TIFF file at `start` leads to one with a place in it."""
    order = "<" if content[start : start + 2] == b"II" else ">"
    with suppress(struct.error):
        (first,) = struct.unpack_from(f"{order}I", content, start + 4)
        for tag, value in _entries(content, order, start + first):
            if tag == _GPS_DIRECTORY:
                return any(inner in _PLACES for inner, _ in _entries(content, order, start + value))
    return False


def _entries(content: bytes, order: str, offset: int) -> Iterator[tuple[int, int]]:
    """The tags of a directory with their values; raises struct.error where the file ends."""
    (count,) = struct.unpack_from(f"{order}H", content, offset)
    for number in range(min(count, _MAX_ENTRIES)):
        tag, _, _, value = struct.unpack_from(f"{order}HHII", content, offset + 2 + 12 * number)
        yield tag, value


def _unpacked(content: bytes) -> Iterator[bytes]:
    """What PNG's compressed texts hold, and Exif that is written in digits."""
    if content.startswith(b"\x89PNG"):
        texts = [content]
        for found in _PNG_TEXT.finditer(content):
            for start in range(found.end(), min(found.end() + 100, len(content))):
                if (
                    content[start] == 0x78
                ):  # the first byte of zlib's data; before it stand a method and languages
                    with suppress(zlib.error):
                        texts.append(found[0] + zlib.decompressobj().decompress(content[start:], _MAX_TEXT))
        for text in texts:
            for digits in _HEX_PROFILE.finditer(text):
                with suppress(ValueError):
                    yield bytes.fromhex(digits[1].decode("ascii"))
        yield from texts[1:]
