"""What to read before going on call: points, on a worked example."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pmsite.archive.incident import Incident, Kind, Relation, RelationType, Status
from pmsite.archive.reading import LENGTH, Reader
from pmsite.archive.related import relations

RANKS = {"sev1": 1, "sev2": 2, "sev3": 3, "sev4": 4, "sev5": 5}
NEWEST = date(2026, 10, 1)


def incident(name: str, severity: str = "", age: int | None = None, **values: object) -> Incident:
    day = NEWEST - timedelta(days=age) if age is not None else None
    plain = Incident(name, f"{name}.md", name, day, severity=severity)
    return replace(plain, **values)  # type: ignore[arg-type]


def listed(*incidents: Incident) -> list[tuple[str, int, dict[str, int]]]:
    reader = Reader(incidents, relations(incidents, {}), RANKS)
    return [(item.incident.id, item.points, dict(item.reasons)) for item in reader.reading_list(incidents)]


def test_points_of_a_worked_example() -> None:
    again = Relation("old", RelationType.RECURRENCE_OF)
    found = listed(
        incident("newest", "SEV3", 0, status=Status.FINAL),
        incident("again", "SEV2", 700, root_cause="network", related=(again,), status=Status.FINAL),
        incident("old", "SEV1", 3000, root_cause="network"),
        incident("plain", "", 5000),
    )
    assert found == [
        ("again", 11, {"one of 2 with this cause": 2, "SEV2": 3, "recurrence": 3, "recent": 2, "final": 1}),
        ("old", 9, {"one of 2 with this cause": 2, "SEV1": 4, "recurrence": 3}),
        ("newest", 6, {"SEV3": 2, "recent": 3, "final": 1}),
        ("plain", 0, {}),
    ]


def test_a_cause_that_was_not_established_is_not_the_same_cause() -> None:
    both = [incident(name, root_cause="unknown") for name in "ab"]
    assert [points for _, points, _ in listed(*both)] == [0, 0]


def test_severities_have_points_down_to_one_and_unknown_words_none() -> None:
    words = ("SEV1", "SEV2", "SEV3", "SEV4", "SEV5", "SEV9", "")
    found = {name: points for name, points, _ in listed(*(incident(word or "none", word) for word in words))}
    assert found == {"SEV1": 4, "SEV2": 3, "SEV3": 2, "SEV4": 1, "SEV5": 1, "SEV9": 0, "none": 0}


def test_drills_and_maintenance_are_not_in_it() -> None:
    kinds = [incident(kind.value, kind=kind) for kind in Kind]
    assert {name for name, _, _ in listed(*kinds)} == {"incident", "near-miss", "security"}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", *RANKS]), st.one_of(st.none(), st.integers(0, 4000)), st.sampled_from("abc")
        ),
        max_size=30,
    )
)
def test_it_holds_the_ten_with_most_points_newer_ones_first(
    values: list[tuple[str, int | None, str]],
) -> None:
    incidents = tuple(
        incident(f"i{place:02d}", severity, age, root_cause=cause)
        for place, (severity, age, cause) in enumerate(values)
    )
    found = listed(*incidents)
    assert len(found) == min(LENGTH, len(incidents))
    assert all(points == sum(reasons.values()) for _, points, reasons in found)
    days = {item.id: item.date or date.min for item in incidents}
    keys = [(-points, -days[name].toordinal(), name) for name, points, _ in found]
    assert keys == sorted(keys)
