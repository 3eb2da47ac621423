"""Which field a key of front matter means: by the site's own words, its preset, and the built-in synonyms."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pmsite.presets import IGNORE, PRESET, PRESETS, Preset
from pmsite.source.schema import FIELDS
from pmsite.source.synonyms import DURATION_UNITS, FIELD_SYNONYMS, FLAGS

_BETWEEN_WORDS = re.compile(r"[\s-]+")
# Fields that are lists of names: two keys that mean the same one are read together.
LISTS = frozenset({"services", "teams", "regions", "tags", "factors", "authors", "links"})

Path = tuple[str, ...]


class Keys:
    """The keys of one site's front matter; `fields` is what its configuration says of them."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._own = {key: field for key, field in fields.items() if key != PRESET}
        self._preset = PRESETS.get(fields.get(PRESET, ""), Preset({}))
        dotted = (
            key for key in (*FIELD_SYNONYMS, *self._preset.fields, *map(spelled, self._own)) if "." in key
        )
        self._tables = self._preset.tables | {key.partition(".")[0] for key in dotted}

    def entries(self, front: Any) -> Iterator[tuple[Path, Any]]:
        """The keys of front matter with their values; of a table that holds fields, its parts."""
        for key, value in front.items() if isinstance(front, dict) else ():
            if isinstance(value, dict) and spelled(key) in self._tables:
                yield from (((key, part), item) for part, item in value.items())
            else:
                yield (key,), value

    def meaning(self, path: Path, value: Any) -> tuple[str, Any]:
        """The field and the value that a key and its value stand for: `draft: true` is `status: draft`."""
        key = spelled(".".join(path))
        field = self.field(path)
        if ".".join(path) not in self._own and isinstance(value, str):
            flag = key, value.strip().casefold()
            if (meant := self._preset.flags.get(flag) or FLAGS.get(flag)) is not None:
                return meant
            if field == "duration" and key in DURATION_UNITS and value.strip().isdigit():
                return field, f"{value.strip()} {DURATION_UNITS[key]}"
            if key in self._preset.spaced and "," not in value:
                return field, value.split()
        return field, value

    def field(self, path: Path) -> str:
        """The field that a key means, `ignore`, or where it means neither, the key in small letters."""
        key = ".".join(path)
        if key in self._own:
            return self._own[key]
        key = spelled(key)
        if len(path) > 1 and spelled(path[0]) in self._preset.tables and key not in self._preset.fields:
            part = self.field(path[1:])
            return part if part in FIELDS else self._preset.fields.get(spelled(path[0]), key)
        if key == "draft":  # says something only when it is true
            return IGNORE
        return self._preset.fields.get(key) or FIELD_SYNONYMS.get(key, key)

    def known(self) -> Iterable[str]:
        """Every key that means something, for "did you mean"."""
        foreign = (key for key, field in self._preset.fields.items() if field != IGNORE)
        return (*FIELDS, *FIELD_SYNONYMS, *foreign, *self._own, "draft")


def spelled(key: str) -> str:
    """A key in small letters, with `_` for spaces and hyphens."""
    return _BETWEEN_WORDS.sub("_", key.strip().casefold())


def joined(field: str, earlier: Any, later: Any) -> Any:
    """The values of two keys that mean the same list of names, as one."""
    return [*_listed(field, earlier), *_listed(field, later)]


def _listed(field: str, value: Any) -> list[Any]:
    if isinstance(value, str) and field not in ("authors", "links"):
        return value.split(",")
    return value if isinstance(value, list) else [value]
