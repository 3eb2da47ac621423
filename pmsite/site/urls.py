"""Names and addresses: slugs, anchors, output paths, and links from one page to another.

An *address* is a page's place below the site's root without a leading slash: `incidents/2023-10-07-web/`. A page's
file is its address plus `index.html`. Links between pages are relative, so that a site works below any path and
from `file://`.
"""

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import quote

MAX_SLUG = 80
# File systems take names of 255 bytes; what is left is for endings.
MAX_SLUG_BYTES = 200
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}
_ASCII_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


@lru_cache(maxsize=65_536)
def slug(text: str, *, fallback: str = "") -> str:
    """Letters and digits of any script in lower case, everything else one hyphen; legal on every file system.

    At most MAX_SLUG characters and MAX_SLUG_BYTES bytes in UTF-8, and a hyphen after the name of a device. Without a letter or digit: `fallback` and a short hash of the text, or nothing without a fallback.
    """
    if len(text) <= MAX_SLUG and _ASCII_SLUG.match(text):
        return f"{text}-" if is_device(text) else text
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    words = "".join(character if _is_word(character) else " " for character in folded).split()
    short = "-".join(words)[:MAX_SLUG].encode()[:MAX_SLUG_BYTES]
    result = short.decode("utf-8", "ignore").strip("-")
    if not result:
        return f"{fallback}-{short_hash(text)}" if fallback else ""
    return f"{result}-" if is_device(result) else result


def is_device(name: str) -> bool:
    """Whether Windows takes a file's name for a device, as it does whatever the ending: `NUL.log`."""
    return name.partition(".")[0].rstrip(" ").casefold() in _DEVICES


def _is_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")


def short_hash(text: str) -> str:
    """Eight hexadecimal digits that stand for a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def page_file(address: str) -> str:
    """The file of a page: `incidents/x/` is `incidents/x/index.html`."""
    return f"{address}index.html" if not address or address.endswith("/") else address


def root_of(path: str) -> str:
    """The way from a page's file up to the site's root: `../../` for `incidents/x/index.html`."""
    return "../" * path.count("/") or "./"


def encode(path: str) -> str:
    """Percent-encode an address for feeds, sitemaps and canonical links."""
    return quote(path, safe="/-._~!$&'()*+,;=:@")


def encode_link(target: str) -> str:
    """Percent-encode an address that may end in an anchor."""
    path, hash_sign, anchor = target.partition("#")
    return encode(path) + hash_sign + encode(anchor)


def collision_key(path: str) -> str:
    """Equal for two paths that some file system would take for the same file."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def incident(identifier: str) -> str:
    return f"incidents/{identifier}/"


def term(taxonomy: str, term_slug: str) -> str:
    return f"{taxonomy}/{term_slug}/"


def nth_page(address: str, number: int) -> str:
    """The address of the n-th page of a paginated list, counted from 1."""
    return address if number == 1 else f"{address}page/{number}/"


def year(label: str) -> str:
    return f"years/{label}/"


def quarter(year_label: str, number: int) -> str:
    return f"years/{year_label}/q{number}/"


def plain_page(page_slug: str) -> str:
    return f"pages/{page_slug}/"
