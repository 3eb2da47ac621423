"""When two values are the same: what keys are made of, and what an earlier result may be given again for."""

import marshal
from array import array
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache, wraps
from hashlib import blake2b
from importlib.metadata import version
from operator import attrgetter, is_
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pmsite

Result = TypeVar("Result")
Given = ParamSpec("Given")
_LONG = 64
_LIBRARIES = (
    "comrak",
    "Jinja2",
    "Markdown",
    "nh3",
    "pydantic",
    "Pygments",
    "pymdown-extensions",
    "PyYAML",
    "selectolax",
    "tzdata",
)


def fingerprint(*values: Any) -> bytes:
    """Sixteen bytes that are equal only for equal values of frozen dataclasses, enums, tuples and scalars.

    A value with a `digest` is represented by it.
    """
    return blake2b(marshal.dumps(_plain(values), 2), digest_size=16).digest()


_SCALARS = frozenset((str, int, float, bool, bytes, type(None)))


_digest = attrgetter("digest")


def _plain(value: Any) -> Any:
    """The value as nested tuples of scalars, each object's type among its parts."""
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is tuple or kind is list:
        if (
            len(value) > _LONG
            and len(kinds := set(map(type, value))) == 1
            and hasattr(only := kinds.pop(), "digest")
        ):
            return only.__name__, tuple(map(_digest, value))
        return tuple([item if type(item) in _SCALARS else _plain(item) for item in value])
    form = _FORMS.get(kind)
    if form is None:
        form = _FORMS[kind] = _plain_form(kind)
    return form(value)


_FORMS: dict[type, Callable[[Any], Any]] = {}


def _plain_form(kind: type) -> Callable[[Any], Any]:
    """How objects of one type are made plain; decided once per type."""
    name = kind.__name__
    if issubclass(kind, Enum):
        return lambda value: (name, value.name)
    if hasattr(kind, "digest"):
        return lambda value: (name, value.digest)
    if issubclass(kind, dict):
        return lambda value: (name, _plain(sorted(value.items())))
    if is_dataclass(kind):
        names = [item.name for item in fields(kind)]
        if len(names) == 1:
            only = attrgetter(names[0])
            return lambda value: (name, _plain(only(value)))
        parts = attrgetter(*names)
        return lambda value: (name, _plain(parts(value)))
    return lambda value: (name, str(value))


_remembers = False


def start_remembering() -> None:
    """From now on, what is `remembered` is. For a preview: a single build would never ask for it again."""
    global _remembers
    _remembers = True


def remembered(size: int) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Lets a pure function give its earlier result for the very same arguments, so that a preview's next build does not
    work out again what did not change. Without a preview nothing is kept.

    Objects are the same if they are identical, not if they are equal; scalars if their types and values are; tuples
    if they hold the same. What may change (lists, dictionaries, iterators) is never the same. Between `size` and twice
    as many results are kept, the latest used.
    """

    def decorate(function: Callable[Given, Result]) -> Callable[Given, Result]:
        recent: dict[Any, tuple[Any, Result]] = {}
        older: dict[Any, tuple[Any, Result]] = {}

        @wraps(function)
        def wrapper(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            nonlocal recent, older
            if not _remembers:
                return function(*args, **kwargs)
            try:
                key = _identity((*args, *kwargs, *kwargs.values()) if kwargs else args)
            except _Changeable:
                return function(*args, **kwargs)
            found = recent.get(key)
            if found is None:
                # The arguments are kept too: as long as they live, nothing else has their identity.
                found = older.get(key) or ((args, kwargs), function(*args, **kwargs))
                if len(recent) >= size:
                    older, recent = recent, {}
                recent[key] = found
            return found[1]

        return wrapper

    return decorate


class _Changeable(Exception):
    """Something that is not a value is among the arguments."""


def _identity(values: tuple[Any, ...]) -> Any:
    if len(values) > _LONG and all(_IDENTITIES.get(kind) is id for kind in set(map(type, values))):
        return blake2b(array("Q", map(id, values)), digest_size=16).digest()
    return tuple([(_IDENTITIES.get(type(value)) or _identity_of(type(value)))(value) for value in values])


def _identity_of(kind: type) -> Callable[[Any], Any]:
    """What stands for an object of one type; decided once per type."""
    if issubclass(kind, list | dict | set) or hasattr(kind, "__next__"):
        raise _Changeable
    found = (lambda value: (kind, value)) if kind in _SCALARS or kind is date else id
    _IDENTITIES[kind] = found
    return found


_IDENTITIES: dict[type, Callable[[Any], Any]] = {str: str, tuple: _identity}


@remembered(6)
def unchanged(kind: Callable[..., Result], *parts: Any) -> Result:
    """What `kind` makes of the parts: the same object for the same parts."""
    return kind(*parts)


def same(one: Any, other: Any) -> bool:
    """Whether two values are made of the same parts, as `fingerprint` sees them, told without making a fingerprint.

    False may also mean that it cannot be told.
    """
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in _SCALARS or kind is date:
        return bool(one == other)
    if kind is tuple:
        return len(one) == len(other) and (all(map(is_, one, other)) or all(map(same, one, other)))
    parts = _PARTS.get(kind) or _parts_of(kind)
    return parts is not None and all(map(same, parts(one), parts(other)))


def _parts_of(kind: type) -> Callable[[Any], Iterable[Any]] | None:
    """What tells objects of one type apart: its digest, else its fields; None if that is not known."""
    names = ["digest"] if hasattr(kind, "digest") else []
    if not names and is_dataclass(kind):
        names = [item.name for item in fields(kind)]
    if not names:
        return None
    _PARTS[kind] = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    return _PARTS[kind]


_PARTS: dict[type, Callable[[Any], Iterable[Any]]] = {}


@cache
def program_digest() -> str:
    """Stands for pmsite's own code and the versions of the libraries that results pass through."""
    digest = blake2b(digest_size=16)
    package = Path(pmsite.__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\0".encode())
    return digest.hexdigest()
