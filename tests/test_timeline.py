"""Timelines in every form that people write them in: entries, their days and zones, and their marks in the prose."""

import re

import pytest

from pmsite.archive.incident import Precision, TimelineEntry, Timestamp
from tests.reading import FLAVORS, incident, read

HEAD = "# Web outage\n\n## Timeline\n\n"
STARTED = "---\nstarted: 2024-03-05T10:00Z\n---\n"


def entries(text: str, **given: str) -> list[tuple[str, str]]:
    """Each entry's time and text."""
    found = incident(text, **given).timeline
    return [(entry.at.iso() if entry.at else "", entry.event) for entry in found]


FORMS = {
    "bullets": "- 10:00 UTC - Pages slow\n- 10:30 UTC - Rolled back\n",
    "bold times": "* **10:00 UTC:** Pages slow\n* **10:30 UTC:** Rolled back\n",
    "numbers": "1. 10:00 UTC: Pages slow\n2. 10:30 UTC: Rolled back\n",
    "12 hours": "- 10:00 AM (UTC): Pages slow\n- 10:30 AM (UTC): Rolled back\n",
    "table": "| Time (UTC) | Event |\n|---|---|\n| 10:00 | Pages slow |\n| 10:30 | Rolled back |\n",
    "headings": "All times in UTC\n\n### 10:00\n\nPages slow\n\n### 10:30\n\nRolled back\n",
    "paragraphs": "10:00 UTC - Pages slow\n\n10:30 UTC - Rolled back\n",
    "bold paragraphs": "**10:00 UTC** Pages slow\n\n**10:30 UTC** Rolled back\n",
    "plain lines": "10:00 UTC - Pages slow\n10:30 UTC - Rolled back\n",
    "summed up": "| Event | Time |\n|---|---|\n| Pages slow | 10:00 UTC |\n| Rolled back | 10:30 UTC |\n| Time to recovery | 30 min |\n",
    "HTML": "<ul>\n<li><strong>10:00 UTC:</strong> Pages slow</li>\n<li>10:30 UTC: Rolled back</li>\n</ul>\n",
    "nested": "- **10:00 UTC:**\n    - Pages slow\n- **10:30 UTC:**\n    - Rolled back\n",
    "code": "- `10:00 UTC` Pages slow\n- `10:30 UTC` Rolled back\n",
}


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, flavor: str) -> None:
    assert entries(HEAD + FORMS[form], name="2024-03-05-web", flavor=flavor) == [
        ("2024-03-05T10:00:00Z", "Pages slow"),
        ("2024-03-05T10:30:00Z", "Rolled back"),
    ]


@pytest.mark.parametrize(
    ("lines", "times"),
    [
        ("- 23:50 - a\n- 00:10 - b\n", ["2024-03-05T23:50:00", "2024-03-06T00:10:00"]),
        ("- 10:00 PM - a\n- 9:00 AM - b\n", ["2024-03-05T22:00:00", "2024-03-06T09:00:00"]),
        ("- 22:40 - a\n- 22:06 - b\n", ["2024-03-05T22:40:00", "2024-03-05T22:06:00"]),
        ("- 11:50 - a\n- 12:20 - b\n- 1:05 - c\n", ["2024-03-05T11:50:00", "2024-03-05T12:20:00", "2024-03-05T13:05:00"]),
        (
            "- March 4, 2024:\n    - 10:00 - a\n- March 7, 2024:\n    - 09:00 - b\n",
            ["2024-03-04T10:00:00", "2024-03-07T09:00:00"],
        ),
        ("### 2024-03-04 10:00\n\na\n\n### 11:00\n\nb\n", ["2024-03-04T10:00:00", "2024-03-04T11:00:00"]),
        (
            "| Date | Time | What |\n|---|---|---|\n| Mar 4 | 10:00 | a |\n| Mar 6 | 9:00 | b |\n",
            ["2024-03-04T10:00:00", "2024-03-06T09:00:00"],
        ),
        ("- 13:20pm - a\n- 15:00PM - b\n", ["2024-03-05T13:20:00", "2024-03-05T15:00:00"]),
    ],
)  # fmt: skip
def test_days_are_carried_forward(lines: str, times: list[str]) -> None:
    assert [at for at, _ in entries(HEAD + lines, name="2024-03-05-web")] == times


@pytest.mark.parametrize(
    ("heading", "offset"),
    [
        ("Timeline (all times UTC)", 0),
        ("Timeline (Eastern Time)", -5 * 3600),
        ("Timeline - GMT+2", 2 * 3600),
        ("Timeline (WAT)", 3600),
        ("Timeline", None),
    ],
)
def test_a_zone_is_the_heading_s_or_unstated(heading: str, offset: int | None) -> None:
    found = incident(
        f"# Web outage\n\n## {heading}\n\n- 10:00 a\n- 10:30 b\n", name="2024-01-05-web"
    ).timeline
    assert [entry.at.offset for entry in found if entry.at] == [offset, offset]


def test_without_any_date_entries_have_no_moment() -> None:
    document, html = read(HEAD + "- 10:00 - a\n- 10:30 - b\n")
    assert document.incident is not None
    assert document.incident.timeline == (TimelineEntry(None, "a"), TimelineEntry(None, "b"))
    assert "T+" not in html


def test_offsets_count_from_a_known_start_alone() -> None:
    text = HEAD + "- 2024-03-05 09:00 UTC - Library released\n- 2024-03-07 08:30 UTC - Setting corrected\n"
    started = "---\nstarted: 2024-03-05T08:30Z\n---\n"
    assert "T+" not in read(text)[1]
    assert "T+00:30" in read(started + text)[1] and "T+48:00" in read(started + text)[1]
    assert "T+" not in read("---\nstarted: 2024-03-05\n---\n" + text)[1]


def test_steps_without_times_are_a_timeline_too() -> None:
    text = (
        HEAD
        + "- **Detection:** An alert fired.\n- **Escalation:** The team was called.\n- **Resolution:** Restarted.\n"
    )
    assert [event for _, event in entries(text)] == [
        "Detection: An alert fired.",
        "Escalation: The team was called.",
        "Resolution: Restarted.",
    ]


@pytest.mark.parametrize(
    "body",
    [
        "- when was the issue detected\n- how was the issue detected\n- which team was it escalated to\n",
        "The error was noticed in the morning, and solved in the evening.\n",
        "",
    ],
)
def test_a_template_is_no_timeline(body: str) -> None:
    assert incident(HEAD + body).timeline == ()


def test_lines_in_a_row_that_begin_with_times_need_no_heading() -> None:
    text = "# Web outage\n\n10:00 - a\n10:10 - b\n10:20 - c\n"
    assert [event for _, event in entries(text)] == ["a", "b", "c"]


def test_a_title_with_a_number_is_no_entry() -> None:
    assert incident("# Web outage\n\n10:00 is when we eat.\n\n12:00 is late.\n").timeline == ()


def test_entries_are_marked_where_they_stand() -> None:
    text = (
        STARTED
        + HEAD
        + "- **10:00 AM (UTC):** Pages slow, see `top`\n- **10:30 AM (UTC):** Rolled back\n\n![graph](graph.png)\n"
    )
    document, html = read(text, name="2024-03-05-web")
    assert document.incident is not None and document.incident.shown == ("timeline",)
    assert '<time id="pm-t1" datetime="2024-03-05T10:00:00Z">10:00 AM</time> (UTC):</strong>' in html
    assert '<a class="pm-offset" href="#pm-t2">T+00:30</a>' in html
    assert "<code>top</code>" in html and "<img" in html


def test_marks_leave_an_author_s_text_as_it_is() -> None:
    for form in FORMS.values():
        _, html = read(HEAD + form, name="2024-03-05-web")
        plain = re.sub(r'\s*<a class="pm-offset"[^>]*>[^<]*</a>\s*', " ", html)
        plain = re.sub(r"<[^>]+>", "", plain)
        _, without = read(HEAD + form + "\n", name="2024-03-05-web")
        assert "Pages slow" in plain and "Rolled back" in plain and "10:00" in without


def test_a_timeline_of_front_matter_goes_first_and_is_shown_by_itself() -> None:
    text = "---\ntimeline:\n  - {at: '2024-03-05 09:00', event: Other}\n---\n" + HEAD + FORMS["bullets"]
    found = incident(text)
    assert [entry.event for entry in found.timeline] == ["Other"]
    assert "timeline" not in found.inferred and "timeline" not in found.shown


def test_a_timeline_that_front_matter_repeats_is_shown_in_the_prose() -> None:
    front = "---\ntimeline:\n  - {at: '2024-03-05T10:00Z', event: Pages slow}\n  - {at: '10:30', event: Rolled back}\n---\n"
    found = incident(front + HEAD + FORMS["bullets"])
    assert found.shown == ("timeline",) and "timeline" not in found.inferred


def test_links_are_not_put_into_links() -> None:
    _, html = read(
        "---\nstarted: 2024-03-05 10:00\n---\n"
        + HEAD
        + "- [10:00](https://example.org) a\n- [10:10](https://example.org) b\n"
    )
    assert '<span class="pm-offset">T+00:10</span>' in html


def test_marks_of_milestones() -> None:
    found = incident(
        HEAD
        + "- 10:00 UTC - The site went down\n- 10:05 UTC - Monitoring alert fired\n- 10:20 UTC - Root cause identified\n"
        "- 11:00 UTC - Service fully restored\n",
        name="2024-03-05-web",
    )
    for name, clock in (
        ("started", "10:00"),
        ("detected", "10:05"),
        ("identified", "10:20"),
        ("resolved", "11:00"),
    ):
        at = found.milestone(name)
        assert isinstance(at, Timestamp) and at.iso() == f"2024-03-05T{clock}:00Z"


def test_offsets_stand_behind_the_zone_and_lines_stay_lines() -> None:
    _, html = read(
        "---\nstarted: 2024-01-05T18:00Z\n---\n" + HEAD + "10:00 PST: Pages slow\n10:30 PST: Rolled back\n",
        name="2024-01-05-web",
    )
    assert (
        '<time id="pm-t1" datetime="2024-01-05T10:00:00-08:00">10:00</time> PST: <a class="pm-offset"' in html
    )
    assert '<br><time id="pm-t2"' in html


def test_the_zone_of_a_tables_head_holds_outside_a_section_of_the_timeline() -> None:
    rows = "| Time (PST) | Event |\n|---|---|\n| 10:00 | Outage begins |\n| 10:30 | Team paged |\n| 11:00 | Restored |\n"
    found = incident(f"# Web outage 2024-01-10\n\n## What happened\n\n{rows}")
    assert [entry.at.iso() for entry in found.timeline if entry.at] == [
        "2024-01-10T10:00:00-08:00",
        "2024-01-10T10:30:00-08:00",
        "2024-01-10T11:00:00-08:00",
    ]


def test_a_bare_clock_in_front_matter_follows_the_zone_that_the_entry_before_it_states() -> None:
    entries = "".join(
        f'  - {{at: "{at}", event: e}}\n'
        for at in ("09:00", "2025-10-19T23:48:00-07:00", "01:15", "2025-10-20T14:00", "15:00")
    )
    found = incident(
        f"---\ndate: 2025-10-19\ntimeline:\n{entries}---\n# Web down\n", timezone="Europe/Copenhagen"
    )
    assert [entry.at.iso() for entry in found.timeline if entry.at] == [
        "2025-10-19T09:00:00+02:00",
        "2025-10-19T23:48:00-07:00",
        "2025-10-19T01:15:00-07:00",
        "2025-10-20T14:00:00+02:00",
        "2025-10-20T15:00:00+02:00",
    ]


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize(
    "text",
    [
        "- 10:00 UTC - Pages slow\n  because of load\n- 10:30 UTC - Rolled back\n  to 1.2\n",
        "All times in UTC\n\n### 10:00\n\nPages slow\nbecause of load\n\n### 10:30\n\nRolled back\nto 1.2\n\nAll is well.\n",
        "10:00 UTC - Pages slow\nbecause of load\n10:30 UTC - Rolled back\nto 1.2\n",
        "10:00 UTC\nPages slow\nbecause of load\n\n10:30 UTC\nRolled back\nto 1.2\n",
    ],
)
def test_lines_that_were_broken_to_fit_a_width_are_one_event(text: str, flavor: str) -> None:
    assert entries(HEAD + text, name="2024-03-05-web", flavor=flavor) == [
        ("2024-03-05T10:00:00Z", "Pages slow because of load"),
        ("2024-03-05T10:30:00Z", "Rolled back to 1.2"),
    ]


def test_an_ordinal_is_part_of_its_date() -> None:
    text = (
        HEAD + "12:45 PM UTC Saturday March 30th: Wave begins\n\n2:00 PM UTC Sunday March 31st: It is over\n"
    )
    assert entries(text, name="2024-03-30-web") == [
        ("2024-03-30T12:45:00Z", "Wave begins"),
        ("2024-03-31T14:00:00Z", "It is over"),
    ]
    about = incident(HEAD + "### 2024-03-30 ca. 18:30\n\nPages slow\n\n### 22:48\n\nIt is over\n").timeline
    assert [entry.at.precision for entry in about if entry.at] == [Precision.APPROXIMATE, Precision.EXACT]
    assert [entry.event for entry in about] == ["Pages slow", "It is over"]


@pytest.mark.parametrize(
    ("clock", "marked"),
    [
        ("1:40p", '<time id="pm-t1" datetime="2024-05-03T13:40:00Z">1:40p</time> <a class="pm-offset"'),
        ("13:40~", '<time id="pm-t1" datetime="2024-05-03T13:40:00Z">13:40</time>~ <a class="pm-offset"'),
    ],
)
def test_an_offset_stands_behind_the_whole_time(clock: str, marked: str) -> None:
    front = "---\nstarted: 2024-05-03 13:00Z\n---\n"
    html = read(
        f"{front}# Shop down\n\n## Timeline\n\nAll times in UTC.\n\n### 2024-05-03 {clock}\n\nUsers report errors.\n"
    )[1]
    assert marked in html
