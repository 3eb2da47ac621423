"""Relations: stated ones from both sides, and incidents that are alike."""

import pytest

from pmsite.archive.incident import Incident, Relation, RelationType
from pmsite.archive.related import MAX_ALIKE, relations


def incident(name: str, *related: Relation, cause: str = "", services: tuple[str, ...] = ()) -> Incident:
    return Incident(
        id=name, source=f"{name}.md", title=name, related=related, root_cause=cause, services=services
    )


def stated(name: str, *incidents: Incident) -> list[tuple[str, str]]:
    found = relations(incidents).get(name)
    return [(item.label, item.incident.id) for item in found.stated] if found else []


def alike(name: str, *incidents: Incident) -> list[str]:
    found = relations(incidents).get(name)
    return [item.id for item in found.alike] if found else []


@pytest.mark.parametrize(
    ("kind", "here", "there"),
    [
        (RelationType.RELATED, "Related to", "Related to"),
        (RelationType.RECURRENCE_OF, "Recurrence of", "Happened again as"),
        (RelationType.DUPLICATE_OF, "Duplicate of", "Duplicated by"),
        (RelationType.CAUSED_BY, "Caused by", "Caused"),
        (RelationType.FOLLOW_UP, "Follow-up to", "Followed up by"),
    ],
)
def test_a_relation_is_seen_from_both_sides(kind: RelationType, here: str, there: str) -> None:
    pair = incident("a", Relation("b", kind)), incident("b")
    assert stated("a", *pair) == [(here, "b")]
    assert stated("b", *pair) == [(there, "a")]


def test_what_both_sides_state_is_said_once() -> None:
    pair = incident("a", Relation("b")), incident("b", Relation("a"), Relation("a"))
    assert stated("a", *pair) == [("Related to", "b")]
    assert stated("b", *pair) == [("Related to", "a")]


def test_recurrences_come_first() -> None:
    found = relations(
        (
            incident(
                "a",
                Relation("b"),
                Relation("d", RelationType.CAUSED_BY),
                Relation("c", RelationType.RECURRENCE_OF),
            ),
            incident("b"),
            incident("c"),
            incident("d"),
        )
    )
    assert [(item.incident.id, item.is_recurrence) for item in found["a"].stated] == [
        ("c", True),
        ("d", False),
        ("b", False),
    ]
    assert found["c"].stated[0].is_recurrence


def test_unknown_ones_and_oneself_are_left_out() -> None:
    assert relations((incident("a", Relation("gone"), Relation("a")),)) == {}


def test_the_same_cause_on_the_same_service_is_alike() -> None:
    web, db = ("web",), ("db", "web")
    group = (
        incident("a", cause="capacity", services=web),
        incident("b", cause="capacity", services=db),
        incident("c", cause="capacity", services=("db",)),
        incident("d", cause="time", services=web),
        incident("e", services=web),
    )
    assert alike("a", *group) == ["b"]
    assert alike("b", *group) == ["a", "c"]
    assert alike("c", *group) == ["b"]
    assert alike("d", *group) == alike("e", *group) == []


def test_an_unknown_cause_makes_nothing_alike() -> None:
    assert (
        relations(
            (incident("a", cause="unknown", services=("x",)), incident("b", cause="unknown", services=("x",)))
        )
        == {}
    )


def test_what_is_stated_is_not_repeated_as_alike() -> None:
    pair = (
        incident("a", Relation("b"), cause="time", services=("x",)),
        incident("b", cause="time", services=("x",)),
    )
    assert alike("a", *pair) == alike("b", *pair) == []


def test_the_nearest_in_the_list_are_kept() -> None:
    group = [incident(f"i{number:02}", cause="time", services=("x",)) for number in range(20)]
    assert alike("i10", *group) == ["i09", "i11", "i08", "i12", "i07"]
    assert alike("i00", *group) == ["i01", "i02", "i03", "i04", "i05"]
    assert all(len(alike(item.id, *group)) == MAX_ALIKE for item in group)
