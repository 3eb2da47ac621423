"""Patterns that are matched in linear time, and what a site's deny list says in them.

Python's `re` may take exponential time for a pattern that somebody writes in good faith. Rust's `regex` never does, and
comes along with pydantic, which tells only whether a text matches: https://docs.rs/regex/latest/regex/#untrusted-input
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic_core import SchemaError, SchemaValidator, core_schema

_WORD_END = re.compile(r"(?<!\\)((?:\\\\)*)\\b(?!\{)")
_OUTSIDE = r"[^\p{L}\p{N}]"
# What stands for a space in addresses and names of files.
_ANY_SPACE = r"(?:[\s_+-]|%20)+"


class Matcher:
    """Whether a text holds any of some patterns, in time that grows with the text alone. Raises ValueError."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._validators = _compiled(list(patterns))

    def matches(self, text: str) -> bool:
        return any(validator.isinstance_python(text) for validator in self._validators)


def _compiled(patterns: list[str]) -> list[SchemaValidator]:
    """As few as can be made of them: what is too large for one becomes two."""
    if not patterns:
        return []
    pattern = "|".join(f"(?:{pattern})" for pattern in patterns)
    try:
        return [SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))]
    except SchemaError as error:
        if len(patterns) > 1:
            middle = len(patterns) // 2
            return [*_compiled(patterns[:middle]), *_compiled(patterns[middle:])]
        raise ValueError(_reason(str(error))) from None


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("SchemaError: ").removeprefix("error: ")


@dataclass(frozen=True, slots=True)
class Denied:
    """An entry of a deny list as a pattern; `word` is in every text in small letters that matches it, if there is one."""

    pattern: str
    word: str = ""


def denied(entry: str) -> Denied:
    """What an entry of a deny list means. Raises ValueError for what cannot be one.

    `/.../` is a regular expression, `10.0.0.0/8` every address in that network, anything else a text as a whole word,
    in any capitals, its spaces being any that addresses and file names write.
    """
    text = entry.strip()
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        # A word's end by ASCII letters and digits is found at full speed, and found more often rather than less.
        pattern = _WORD_END.sub(r"\1(?-u:\\b)", text[1:-1])
        if Matcher([pattern]).matches(""):
            raise ValueError("the regular expression matches everything, even an empty text")
        return Denied(pattern)
    if re.fullmatch(r"[\d.]+/\d+|[\da-fA-F:.]*:[\da-fA-F:.]*/\d+", text):
        return _network(text)
    if not any(character.isalnum() for character in text):
        raise ValueError("write a text with letters or digits, a network, or /a regular expression/")
    before = rf"(?:^|{_OUTSIDE})" if text[0].isalnum() else ""
    after = rf"(?:$|{_OUTSIDE})" if text[-1].isalnum() else ""
    inside = _ANY_SPACE.join(map(re.escape, text.split()))
    return Denied(f"(?i){before}{inside}{after}", max(text.split(), key=len).casefold())


def beginning(prefix: str) -> Denied:
    """Words that begin with a prefix, such as `OPS-12` for `OPS-`."""
    return Denied(rf"(?i)(?:^|{_OUTSIDE}){re.escape(prefix)}[\p{{L}}\p{{N}}]", prefix.casefold())


class DenyList:
    """Entries of a deny list, all looked for at once: thousands of words cost hardly more than one."""

    def __init__(self, entries: Iterable[Denied]) -> None:
        self._entries = tuple(entries)
        self._words = Matcher(re.escape(entry.word) for entry in self._entries if entry.word)
        self._others = Matcher(entry.pattern for entry in self._entries if not entry.word)
        self._each: dict[int, Matcher] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def hits(self, text: str) -> tuple[int, ...]:
        """The numbers of the entries that a text holds."""
        small = text.casefold()
        if not (self._words.matches(small) or self._others.matches(text)):
            return ()
        return tuple(
            number
            for number, entry in enumerate(self._entries)
            if entry.word in small and self._matcher(number).matches(text)
        )

    def _matcher(self, number: int) -> Matcher:
        if number not in self._each:
            self._each[number] = Matcher([self._entries[number].pattern])
        return self._each[number]


def _network(text: str) -> Denied:
    """An IPv4 network as a pattern of addresses: octets that are fixed, one of a range, and any."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"not a network: {error}") from None
    if isinstance(network, ipaddress.IPv6Network):
        raise ValueError(
            "IPv6 has too many spellings; write the addresses' beginning as /a regular expression/"
        )
    first, last = network.network_address.packed, network.broadcast_address.packed
    octets = r"\.".join(_octet(low, high) for low, high in zip(first, last, strict=True))
    fixed = [f"{low}." for low, high in zip(first, last, strict=True) if low == high][:3]
    return Denied(rf"(?:^|[^0-9.]){octets}(?:$|[^0-9])", "".join(fixed))


def _octet(low: int, high: int) -> str:
    if (low, high) == (0, 255):
        return "[0-9]{1,3}"
    return f"(?:{'|'.join(map(str, range(low, high + 1)))})"
