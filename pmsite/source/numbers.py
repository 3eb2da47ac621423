"""The organisation's own number of an incident, which teams put first: in the file's name and in the heading."""

import re

_PREFIX = r"(?:INC|PM|PIR|RCA|COE|IR)"
_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
# `PM2021-007`, `INC-0042`, `PIR-2024-112`; with a year, any short prefix. A vulnerability's number is not an incident's.
_NUMBER = re.compile(
    rf"\W*(?P<number>(?:(?!CVE|CWE|RFC|{_MONTHS})[A-Z]{{2,5}}[-_]?(?=(?:19|20)\d\d[-_]\d{{3}})|(?i:{_PREFIX})[-_ ]?#?)"
    r"(?P<digits>\d{1,8}(?:[-_]\d{1,4})?))(?![^\W_])(?![-_/.:]\d)"
)
_DAY = re.compile(r"(?:19|20)\d\d[-_]?(?:0[1-9]|1[0-2])(?:[-_]?(?:0[1-9]|[12]\d|3[01]))?")
_WRITTEN = re.compile(r"#?[A-Za-z]{0,12}[-_ #]{0,2}\d[\w.-]{0,30}")


def leading_number(text: str) -> str:
    """The number that a file's name or a heading begins with, in capitals; nothing where it may be a date."""
    found = _NUMBER.match(text)
    if found is None or _DAY.fullmatch(found["digits"]):
        return ""
    return found["number"].upper()


def stated_number(text: str) -> str:
    """The number that stands behind a label, or nothing."""
    bare = text.strip(" \t*_`[]().")
    return bare if _WRITTEN.fullmatch(bare) and not _DAY.fullmatch(bare) else ""
