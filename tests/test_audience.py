"""The one filter: every combination of visibility, audience and draft."""

from itertools import product

import pytest

from pmsite.archive.audience import shows_drafts, visible
from pmsite.archive.incident import Incident, Status, Visibility
from pmsite.config import Config
from pmsite.source.document import Body, Document
from pmsite.source.files import Role

PUBLIC, INTERNAL, RESTRICTED = Visibility


def document(visibility: Visibility, status: Status | None = None, *, page: bool = False) -> Document:
    name = f"{visibility.value}-{status.value if status else 'unstated'}{'-page' if page else ''}"
    incident = None if page else Incident(name, f"{name}.md", name, status=status, visibility=visibility)
    role = Role.PAGE if page else Role.POSTMORTEM
    return Document(f"{name}.md", f"{name}.md", role, name, name, visibility, Body(), incident)


ALL = tuple(
    document(visibility, status) for visibility, status in product(Visibility, [None, *Status])
) + tuple(document(visibility, page=True) for visibility in Visibility)


@pytest.mark.parametrize(
    ("audience", "seen"),
    [(PUBLIC, {PUBLIC}), (INTERNAL, {PUBLIC, INTERNAL}), (RESTRICTED, {PUBLIC, INTERNAL, RESTRICTED})],
)
@pytest.mark.parametrize("drafts", [True, False, None])
def test_who_sees_what(audience: Visibility, seen: set[Visibility], drafts: bool | None) -> None:
    with_drafts = drafts if drafts is not None else audience is not PUBLIC
    expected = tuple(
        item
        for item in ALL
        if item.visibility in seen
        and (with_drafts or item.incident is None or item.incident.status is not Status.DRAFT)
    )
    assert visible(ALL, Config(audience=audience, drafts=drafts)) == expected


def test_drafts_are_shown_inside_unless_configured() -> None:
    assert [shows_drafts(audience, None) for audience in Visibility] == [False, True, True]
    for audience in Visibility:
        assert shows_drafts(audience, True) and not shows_drafts(audience, False)


def test_an_index_is_what_its_visible_neighbours_make_it() -> None:
    """Alone in its folder a bundle's postmortem, else the folder's introduction; what is hidden does not count."""
    index = Document(
        "content/a/index.md",
        "a/index.md",
        Role.INDEX,
        "a",
        "A",
        PUBLIC,
        Body(),
        Incident("a", "content/a/index.md", "A"),
    )
    other = Document(
        "content/a/b.md", "a/b.md", Role.POSTMORTEM, "b", "B", INTERNAL, Body(), Incident("b", "b.md", "B")
    )
    (alone,) = visible([index, other], Config(audience=PUBLIC))
    assert (alone.role, alone.id) == (Role.POSTMORTEM, "a")
    assert alone.incident is not None
    introduction = visible([index, other], Config(audience=INTERNAL))[0]
    assert (introduction.role, introduction.incident) == (Role.INTRODUCTION, None)
