"""Pictures that say where they were taken, in every container that is published, and pictures that do not."""

import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmsite.archive.incident import Visibility
from pmsite.config import Config
from pmsite.site.attachments import Refused, check_attachment
from pmsite.site.location import says_place

from .sites import build_site, codes, problems, tree, write_files


def exif(tags: tuple[int, ...] = (1, 2, 3, 4), order: str = "<", *, has_directory: bool = True) -> bytes:
    """A TIFF file with an orientation, and a directory of places with these tags."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    entries = [struct.pack(f"{order}HHII", 0x0112, 3, 1, 1)]
    if has_directory:
        entries.append(struct.pack(f"{order}HHII", 0x8825, 4, 1, 8 + 2 + 2 * 12 + 4))
    first = struct.pack(f"{order}H", len(entries)) + b"".join(entries) + b"\0\0\0\0"
    places = b"".join(struct.pack(f"{order}HHII", tag, 5, 3, 0) for tag in tags)
    return head + first + struct.pack(f"{order}H", len(tags)) + places + b"\0\0\0\0"


def jpeg(*segments: bytes) -> bytes:
    parts = b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in segments)
    return b"\xff\xd8" + parts + b"\xff\xda" + bytes(range(256)) * 4 + b"\xff\xd9"


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    inside = b"".join(chunk(kind, data) for kind, data in chunks)
    return (
        b"\x89PNG\r\n\x1a\n" + header + inside + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    )


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(data)) + data for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


XMP = b'<x:xmpmeta><rdf:Description exif:GPSLatitude="48,51.5N" exif:GPSLongitude="2,21E"/></x:xmpmeta>'
HEX = b"\nexif\n   %d\n%s\n" % (len(exif()) + 6, (b"Exif\0\0" + exif()).hex().encode())

WITH_PLACE = {
    "jpeg.jpg": jpeg(b"Exif\0\0" + exif()),
    "motorola.jpg": jpeg(b"Exif\0\0" + exif(order=">")),
    "second-segment.jpeg": jpeg(b"http://ns.adobe.com/xap/1.0/\0<x/>", b"Exif\0\0" + exif()),
    "destination.jpg": jpeg(b"Exif\0\0" + exif((0x14, 0x16))),
    "area.jpg": jpeg(b"Exif\0\0" + exif((0x1C,))),
    "xmp.jpg": jpeg(b"http://ns.adobe.com/xap/1.0/\0" + XMP),
    "exif.png": png((b"eXIf", exif())),
    "xmp.png": png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP)),
    "packed-xmp.png": png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP))),
    "profile.png": png((b"tEXt", b"Raw profile type exif\0" + HEX)),
    "packed-profile.png": png((b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(HEX))),
    "exif.webp": riff((b"VP8X", b"\x08" + b"\0" * 9), (b"EXIF", exif())),
    "xmp.webp": riff((b"VP8X", b"\x04" + b"\0" * 9), (b"XMP ", XMP)),
    "exif.avif": b"\0\0\0\x1cftypavif" + b"\0" * 40 + b"mdat\0\0\0\6Exif\0\0" + exif(),
    "film.mp4": b"\0\0\0\x18ftypmp42" + b"\0" * 30 + b"\xa9xyz\0\x12\x15\xc7+48.8577+002.295/",
    "film-2.mp4": b"\0\0\0\x18ftypqt  " + b"com.apple.quicktime.location.ISO6709",
    "scan.pdf": b"%PDF-1.7\n1 0 obj stream\n" + jpeg(b"Exif\0\0" + exif()),
}
WITHOUT_PLACE = {
    "none.jpg": jpeg(b"Exif\0\0" + exif(has_directory=False)),
    "version-only.jpg": jpeg(b"Exif\0\0" + exif((0,))),
    "direction-only.jpg": jpeg(b"Exif\0\0" + exif((0x10, 0x11))),
    "xmp.jpg": jpeg(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta tiff:Make='GPS Ltd'/>"),
    "plain.png": png((b"tEXt", b"Comment\0Latitude of the plan"), (b"zTXt", b"Comment\0\0" + zlib.compress(b"GPS"))),
    "exif.png": png((b"eXIf", exif(has_directory=False))),
    "exif.webp": riff((b"EXIF", exif((0,)))),
    "cut.jpg": jpeg(b"Exif\0\0" + exif()[:20]),
    "broken.jpg": jpeg(b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "empty.gif": b"GIF89a",
}  # fmt: skip


@pytest.mark.parametrize("name", WITH_PLACE)
def test_places_are_found(name: str) -> None:
    assert says_place(WITH_PLACE[name])


@pytest.mark.parametrize("name", WITHOUT_PLACE)
def test_other_pictures_are_published(name: str) -> None:
    assert not says_place(WITHOUT_PLACE[name])


@given(st.binary(max_size=200), st.integers(0, 200))
def test_whatever_a_file_holds(noise: bytes, cut: int) -> None:
    for content in (noise, b"\x89PNG zTXtx\0\0x" + noise, b"II*\0" + noise, exif()[:cut] + noise):
        assert says_place(content) in (True, False)


@pytest.mark.parametrize(("audience", "is_refused"), [("public", True), ("internal", False)])
def test_only_public_sites_refuse_them(tmp_path: Path, audience: str, is_refused: bool) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(WITH_PLACE["jpeg.jpg"])
    found = check_attachment("a.jpg", path, Config(audience=Visibility(audience)))
    assert isinstance(found, Refused) is is_refused


def test_the_public_build_stops_and_names_the_line(tmp_path: Path) -> None:
    write_files(tmp_path, "-- content/a.md --\n---\nseverity: SEV1\nvisibility: public\n---\n\n![x](a.jpg)\n")
    (tmp_path / "content/a.jpg").write_bytes(WITH_PLACE["jpeg.jpg"])
    report = build_site(tmp_path, audience="public")
    assert "content/a.md:6:6: E205 content/a.jpg holds the place where it was taken" in problems(report)
    assert not (tmp_path / "site-public").exists()
    report = build_site(tmp_path)
    assert "E205" not in codes(report)
    assert "files/content/a.jpg" in tree(tmp_path / "site")
