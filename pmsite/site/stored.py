"""Values of pages that show a document's text, as the store keeps them from build to build."""

import zlib
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pmsite.site.plan import Page
from pmsite.site.views import IncidentView, ProseView

_KINDS: dict[str, type] = {"incident.html": IncidentView, "page.html": ProseView}


@cache
def _adapter(template: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[template])


def is_stored(page: Page) -> bool:
    """Whether the page is of a kind whose values are kept."""
    return type(page.view) is _KINDS.get(page.template)


def stored(page: Page) -> bytes:
    """The page's value; nothing for other kinds of pages."""
    return zlib.compress(_adapter(page.template).dump_json(page.view), 1) if is_stored(page) else b""


def restored(path: str, template: str, value: bytes) -> Page | None:
    """The page whose value this is; None if it is none, as of an entry that is damaged or has lost it."""
    try:
        return Page(path, template, _adapter(template).validate_json(zlib.decompress(value)))
    except (zlib.error, ValidationError):
        return None
