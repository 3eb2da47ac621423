"""What prose says of an incident: times in their order of trust, shares, causes, titles, and what it must not say."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmsite.archive.incident import (
    Duration,
    Incident,
    Precision,
    Status,
    Timestamp,
    impact_duration,
    time_to_detect,
)
from pmsite.source.blocks import MAX_LINES, lines
from pmsite.source.lengths import duration, length_in, seconds_of
from pmsite.source.moments import DayOf, day_first, moments
from pmsite.source.zones import zone_in
from tests.reading import FLAVORS, incident, read, services
from tests.sites import build_site, check_site, codes, pmsite, problems, tree, write_files


def when(found: Incident) -> tuple[str, str]:
    """The start and the end of an incident as ISO 8601, empty where not known."""
    end = found.mitigated or found.resolved
    started = found.started
    return (
        started.iso() if isinstance(started, Timestamp) else "",
        end.iso() if isinstance(end, Timestamp) else "",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Oct 7, 2023, 10:00 AM (UTC)", "2023-10-07 10:00 UTC"),
        ("7 October 2023 22:05 CET", "2023-10-07 22:05 CET"),
        ("the 7th of October 2023", "2023-10-07"),
        ("October7, 2023", "2023-10-07"),
        ("Oct 22rd 2022", "2022-10-22"),
        ("2018-07-08 ca. 18:30", "2018-07-08 18:30"),
        ("12:45 PM PST Saturday Oct 30th", "1030 12:45 PST"),
        ("2:20 PM (UTC) on May 8, 2024", "2024-05-08 14:20 UTC"),
        ("2023-10-07T10:00:30Z", "2023-10-07 10:00:30 UTC"),
        ("2023-10-07 1600", "2023-10-07 16:00"),
        ("2023-10-07 10:00 +01:00", "2023-10-07 10:00 +01:00"),
        ("Friday January 20th 2023/ 20:00 Hrs EAT", "2023-01-20 20:00 EAT"),
        ("1200 hours (East Africa Time)", "12:00 EAT"),
        ("13:20pm", "13:20"),
        ("10:45a", "10:45"),
        ("1:29p on May 8, 2024", "2024-05-08 13:29"),
        ("10:45 a report", "10:45"),
        ("12:05 AM", "00:05"),
        ("12 pm", "12:00"),
        ("9.30am", "09:30"),
        ("10h45", "10:45"),
        ("13/10/2023", "2023-10-13"),
        ("10/13/2023", "2023-10-13"),
        ("5-26-21", "2021-05-26"),
        ("2026年1月21日 10:00", "2026-01-21 10:00"),
        ("April 17th", "0417"),
        ("10:00 GMT+2", "10:00 GMT+2"),
        ("2023-10-07T10:00-05:00", "2023-10-07 10:00 -05:00"),
        ("2023-10-07 10:00 -05:00", "2023-10-07 10:00 -05:00"),
        ("2023-10-07 10:00:30-05:00", "2023-10-07 10:00:30 -05:00"),
        ("07/10/2023", ""),
        ("version 1.2.3, ratio 3:1, 99:99, 2024-13-45, 192.168.10.20:8080", ""),
        ("30 February 2024", ""),
        ("may 3 people saw 12 errors", "0503"),
    ],
)
def test_moments_as_people_write_them(text: str, said: str) -> None:
    found = moments(text)
    if not said:
        assert found == []
        return
    assert len(found) == 1
    one = found[0]
    parts = []
    if one.day is not None:
        parts.append(one.day.on().isoformat() if one.day.on() else f"{one.day.month:02}{one.day.day:02}")  # type: ignore[union-attr]
    if one.clock is not None:
        seconds = one.clock.seconds
        parts.append(
            f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"
            + (f":{seconds % 60:02}" if seconds % 60 else "")
        )
    if one.zone is not None:
        parts.append(one.zone.name)
    assert " ".join(parts) == said


@pytest.mark.parametrize("words", ["ca. ", "ca ", "circa ", "about ", "approximately ", "~"])
def test_times_that_are_about(words: str) -> None:
    (one,) = moments(f"2018-07-08 {words}18:30 CEST")
    assert one.is_vague and one.clock is not None and one.day is not None
    assert not any(moment.is_vague for moment in moments("America 18:30"))


@pytest.mark.parametrize(
    "text",
    ["17:00-18:00", "2024-03-05 17:00-18:00", "10:00 -11:00", "10:00−11:00", "10:00 +15:00", "10:00 GMT+15"],
)
def test_a_stretch_of_time_is_no_offset(text: str) -> None:
    assert moments(text)
    assert {one.zone for one in moments(text)} == {None}


def test_numeric_dates_are_read_where_the_document_decides_how() -> None:
    assert day_first(["07/10/2023", "13/10/2023"]) is True
    assert day_first(["07/10/2023", "10/13/2023"]) is False
    assert day_first(["07/10/2023"]) is None
    assert day_first(["13/10/2023", "10/13/2023"]) is None
    assert moments("07/10/2023", day_first=True)[0].day == DayOf(2023, 10, 7)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45m", 2700),
        ("1h 29m", 5340),
        ("1 h 30 min", 5400),
        ("2 hours and 30 minutes", 9000),
        ("2 hour and 45-minute", 9900),
        ("half an hour", 1800),
        ("an hour", 3600),
        ("1.5 hours", 5400),
        ("2 days", 172800),
        ("1d 5h 47m", 107220),
        ("PT1H30M", 5400),
        ("01:30:00", 5400),
        ("~ 20 min", 1200),
        ("90", None),
        ("soon", None),
        ("1 h 30", None),
    ],
)
def test_lengths_of_time(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


def test_a_length_says_whether_it_is_vague() -> None:
    vague, exact = length_in("for about 3 hours"), length_in("for 3 hours")
    assert vague is not None and vague.is_vague
    assert exact is not None and not exact.is_vague


RANGE = ("2024-03-05T10:00:00Z", "2024-03-05T11:30:00Z")
STATED = {
    "one line": "**Duration:** March 5, 2024, 10:00 AM - 11:30 AM (UTC)\n",
    "item": "- **Duration**: March 5, 2024, 10:00 - 11:30 UTC\n",
    "both dates": "Duration: March 5, 2024, 10:00 AM (UTC) to March 5, 2024, 11:30 AM (UTC)\n",
    "line below": "**Duration:**\nOutage from 2024-03-05 10:00 UTC to 2024-03-05 11:30 UTC (1 hour 30 minutes).\n",
    "start and end": "Start time: March 5, 2024, 10:00 UTC\n\nEnd time: March 5, 2024, 11:30 UTC\n",
    "start and end below": "- **Duration:**\n    - Start: March 5, 2024, 10:00 AM (UTC)\n    - End: March 5, 2024, 11:30 AM (UTC)\n",
    "in one line": "Start time: **March 5, 2024 10:00 AM** (UTC), End time: **March 5, 2024 11:30 AM** (UTC).\n",
    "table": "| What | Value |\n|---|---|\n| Started | 2024-03-05 10:00 UTC |\n| Ended | 2024-03-05 11:30 UTC |\n",
    "sentence": "The outage lasted from 10:00 to 11:30 UTC on March 5, 2024.\n",
    "between": "Between 10:00 AM and 11:30 AM (UTC) on March 5, 2024 the site was down.\n",
    "starting": "The outage lasted 90 minutes, starting at 10:00 AM and ending at 11:30 AM (UTC) on March 5, 2024.\n",
    "HTML": "<ul><li><strong>Duration:</strong> March 5, 2024, 10:00 AM - 11:30 AM (UTC)</li></ul>\n",
    "spans": '**<span style="color: red;">Duration:</span>** <span>March 5, 2024, 10:00 AM - 11:30 AM (UTC)</span>\n',
    "glued": "Issue SummaryDuration of the Outage: March 5, 2024, from 10:00 UTC to 11:30 UTC (1 hour 30 minutes)Impact: bad\n",
}


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("form", STATED)
def test_stated_stretches(form: str, flavor: str) -> None:
    found = incident(f"# Web outage\n\n## Issue summary\n\n{STATED[form]}", flavor=flavor)
    assert when(found) == RANGE
    assert impact_duration(found) == Duration(5400)
    assert found.date is not None and found.date.isoformat() == "2024-03-05"
    assert {"started", "resolved", "date"} <= set(found.inferred)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("October 7, 2023, 10:20 PM - October 8, 2023, 3:00 PM (PDT)", ("2023-10-07T22:20:00-07:00", "2023-10-08T15:00:00-07:00")),
        ("October 7, 2023, 23:30 - 00:45 (WAT)", ("2023-10-07T23:30:00+01:00", "2023-10-08T00:45:00+01:00")),
        ("October 7, 2023, 9:15 - 11:45 PM", ("2023-10-07T21:15:00", "2023-10-07T23:45:00")),
        ("from 00:25 to 00:55 EST Saturday 10-28-2023", ("2023-10-28T00:25:00-05:00", "2023-10-28T00:55:00-05:00")),
        ("2023-10-07 10:00 - 11:30", ("2023-10-07T10:00:00", "2023-10-07T11:30:00")),
    ],
)  # fmt: skip
def test_stretches_across_midnight_and_with_what_one_end_says(text: str, expected: tuple[str, str]) -> None:
    assert when(incident(f"# Web outage\n\n## Summary\n\n- Duration: {text}\n")) == expected


def test_a_day_comes_from_title_or_file_name_where_times_have_none() -> None:
    text = "# Web outage - March 5, 2024\n\n- Duration: 10:00 - 11:30 UTC\n"
    assert when(incident(text)) == RANGE
    assert when(incident(text.replace(" - March 5, 2024", ""), name="2024-03-05-web")) == RANGE


def test_without_a_year_there_is_a_length_and_no_times() -> None:
    found = incident(
        "# Web outage\n\n## Summary\n\nThe outage lasted from 3:00 PM to 4:30 PM CAT on April 17th.\n"
    )
    assert when(found) == ("", "") and found.date is None
    assert found.duration == Duration(5400) == impact_duration(found)


def test_stated_times_outrank_first_and_last_entries() -> None:
    timeline = "## Timeline\n\n- 2024-03-01 09:00 - Release\n- 2024-03-05 10:02 - Alert\n- 2024-03-07 12:00 - Fix shipped\n"
    found = incident("# Web outage\n\n- Duration: March 5, 2024, 10:00 - 11:30 UTC\n\n" + timeline)
    assert when(found) == RANGE
    assert when(incident("# Web outage\n\n" + timeline)) == ("", "")


def test_first_and_last_entries_count_where_a_stated_length_agrees() -> None:
    timeline = "## Timeline\n\n- 10:00 UTC - a\n- 10:40 UTC - b\n- 11:30 UTC - c\n"
    text = "# Web outage\n\n## Summary\n\n- Date: March 5, 2024\n- Duration: {}\n\n" + timeline
    assert when(incident(text.format("90 minutes"))) == RANGE
    assert when(incident(text.format("20 minutes"))) == ("", "")
    assert incident(text.format("20 minutes")).duration == Duration(1200)


def test_detection_and_recovery_times_find_the_entries_that_they_lie_between() -> None:
    text = (
        "# Nodes fail\n\n## Timeline\n\nAll times in UTC.\n\n| Time | Event |\n|---|---|\n"
        "| 2024-03-03 01:00 | Image released |\n| 2024-03-05 10:00 | Nodes are replaced |\n"
        "| 2024-03-05 10:30 | A team reports it |\n| 2024-03-05 12:00 | Rolled back |\n| 2024-03-08 09:00 | Image fixed |\n"
        "\n## Stats\n\n- Time to detection: 30 minutes\n- Time to recovery: 2 hours\n"
    )
    ended = incident(text.replace("Rolled back", "Rolled back, all services operational"))
    assert when(ended) == ("2024-03-05T10:00:00Z", "2024-03-05T12:00:00Z")
    found = incident(text)
    assert when(found)[0] == "2024-03-05T10:00:00Z"
    assert isinstance(found.detected, Timestamp) and found.detected.iso() == "2024-03-05T10:30:00Z"
    assert impact_duration(found) == Duration(7200)


def test_repaired_is_the_end_of_the_impact_and_resolved_is_not() -> None:
    text = (
        "# Incident on 2024-03-05\n\n- **Key events**\n    - First detected 2024-03-05 10:00\n    - Incident declared 2024-03-05 10:20\n"
        "    - Repaired 2024-03-05 11:30\n    - Resolved 2024-05-05 11:30\n\n- **Time to repair**: 1h 30m\n\n- **Time to resolve**: 61d\n"
    )
    found = incident(text)
    assert when(found) == ("2024-03-05T10:00:00", "2024-03-05T11:30:00")
    assert isinstance(found.resolved, Timestamp) and found.resolved.iso() == "2024-05-05T11:30:00"
    assert found.timeline == ()


def test_several_stated_stretches_are_windows() -> None:
    text = (
        "# Two outages\n\n## Incidents\n\n### March 5, 2024\n\n**Duration:** 10:00 to 11:00 UTC\n\n**Impact:** ~38% of requests\n\n"
        "### March 7, 2024\n\n**Duration:** 20:00 to 20:30 UTC\n\n**Impact:** ~97% of requests\n"
    )
    found = incident(text)
    assert [window.started.iso() for window in found.impact.windows] == [
        "2024-03-05T10:00:00Z",
        "2024-03-07T20:00:00Z",
    ]
    assert impact_duration(found) == Duration(5400)
    assert found.impact.percent is None and found.started is None


def test_approximate_times_stay_approximate() -> None:
    found = incident(
        "# Web outage\n\n## Summary\n\nThe outage lasted from around 10:00 to 11:30 UTC on March 5, 2024.\n"
    )
    assert isinstance(found.started, Timestamp) and found.started.precision is Precision.APPROXIMATE


def test_what_contradicts_is_shown_with_the_doubt_and_not_counted() -> None:
    found = incident(
        "# Web outage\n\n- **Duration:** 30 minutes (10:00 - 11:30 UTC)\n", name="2024-03-05-web"
    )
    measured = impact_duration(found)
    assert measured.seconds == 5400 and measured.counted is None and "30 min" in measured.doubt
    assert [doubt.field for doubt in found.doubts] == ["duration"]


def test_front_matter_goes_first() -> None:
    text = (
        "---\ntitle: Ours\nstarted: 2024-03-05 09:00Z\nresolved: 2024-03-05 10:00Z\nimpact: {percent: 10, percent_of: users}\n"
        "root_cause: network\nsummary: Ours.\n---\n# Other\n\n## Summary\n\nThe outage lasted from 10:00 to 11:30 UTC on March 5, 2024."
        " It hit 75% of users.\n\n## Root cause\n\nA memory leak.\n"
    )
    document, _ = read(text)
    found = document.incident
    assert found is not None
    assert when(found) == ("2024-03-05T09:00:00Z", "2024-03-05T10:00:00Z")
    assert (found.title, found.summary, found.root_cause, found.impact.percent) == (
        "Ours",
        "Ours.",
        "network",
        10,
    )
    assert not {"started", "resolved", "title", "summary", "root_cause", "impact.percent"} & set(
        found.inferred
    )


def test_a_difference_between_front_matter_and_text_names_both() -> None:
    text = "---\nstarted: 2024-03-05 09:00Z\n---\n# Web outage\n\n- Start time: 2024-03-05 10:00 UTC\n- End time: 2024-03-05 11:00 UTC\n"
    document, _ = read(text)
    assert [(problem.code, problem.line) for problem in document.diagnostics] == [("W416", 6)]
    assert "09:00" in document.diagnostics[0].message and "10:00" in document.diagnostics[0].message


SHARES = [
    ("Approximately 75% of users saw errors.", 75, "users"),
    ("It impacted 100% o the users.", 100, "users"),
    ("Roughly 65% of our user base could not log in.", 65, "users"),
    ("Users were hit.\nPercentage of Users Affected: Approximately 30%", 30, "users"),
    ("Complete unavailability, affecting all users.", 100, "users"),
    ("3 % of customers lost data.", 3, "users"),
    ("78% of evaluation requests failed.", 78, "requests"),
    ("Sessions fell by 30% and 40% of traffic was lost.", None, ""),
    ("Delays for all customers in the US region.", None, ""),
    ("We promise 99.9% uptime to users.", None, ""),
    ("CPU was at 100%.", None, ""),
]


@pytest.mark.parametrize(("text", "percent", "of"), SHARES)
def test_shares(text: str, percent: float | None, of: str) -> None:
    found = incident(f"# Web outage\n\n## Impact\n\n{text}\n").impact
    assert (found.percent, found.percent_of) == (percent, of)


def test_numbers_of_users_and_requests() -> None:
    found = incident(
        "# Web outage\n\n## Impact\n\nAbout 3,200 active users were affected and 2,500 requests failed.\n"
    ).impact
    assert (found.users, found.requests) == (3200, 2500)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("The load balancer was misconfigured.", "configuration"),
        ("A memory leak in the new feature exhausted the server.", "code-defect"),
        ("An unexpected surge in traffic overwhelmed the database.", "capacity"),
        ("The certificate of the gateway had expired.", "certificate-or-credential"),
        ("A power failure in the data centre.", "hardware"),
        ("Inefficient database queries and missing indexes.", "data-store"),
        ("It was a sad day.", ""),
        ("Either a bug or a power failure.", ""),
    ],
)
def test_a_cause_is_named_where_the_words_support_one_only(text: str, cause: str) -> None:
    assert incident(f"# Web outage\n\n## Root cause\n\n{text}\n").root_cause == cause


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Database outage\n\n## Impact\n\nBad.\n", "Database outage"),
        ("# 0x19. Postmortem\n\n## Impact\n\nBad.\n", "0x19. Postmortem"),
        ("# 0x19. Postmortem\n\nA project.\n\n# Postmortem: Web stack outage\n\n## Impact\n\nBad.\n", "Postmortem: Web stack outage"),
        ("**Postmortem: Nginx outage**\n\n### Impact\n\nBad.\n", "Postmortem: Nginx outage"),
        ("Postmortem: Gateway outage\n\nImpact:\n\nBad.\n", "Postmortem: Gateway outage"),
        ("Server outage due to power failure\nIssue Summary:\nBad.\n", "Server outage due to power failure"),
        ("# Issue Summary\n\nBad.\n\n# Root cause\n\nBad.\n", ""),
        ("Internal post-mortem: https://example.org/1\n\nThe outage was long.\n\n## Impact\n\nBad.\n", ""),
        ("# Incident report\n\n| | |\n|---|---|\n| Title | Login page unreachable |\n\n## Impact\n\nBad.\n", "Login page unreachable"),
    ],
)  # fmt: skip
def test_titles(text: str, title: str) -> None:
    document, _ = read(text)
    assert document.has_title == bool(title)
    assert document.incident is not None and document.incident.title == (title or "Web")


def test_a_section_s_name_is_no_title_and_stays_in_the_prose() -> None:
    _, html = read("# Issue Summary\n\nThe outage was long.\n\n# Root cause\n\nBad.\n")
    assert "Issue Summary" in html


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("2021-05-09-negative-coin-values", "Negative coin values"),
        ("2021-05-10-WikiAttack", "WikiAttack"),
        ("2024-02-28-queue is down", "Queue is down"),
        ("disk_full", "Disk full"),
        ("2020-02-12", "2020-02-12"),
        ("20200212-disk_full", "20200212 disk full"),
        ("PM-014", "PM 014"),
    ],
)
def test_without_a_title_the_file_s_name_is_read_as_one(name: str, title: str) -> None:
    document, _ = read("## Impact\n\nNobody could log in.\n", name=name)
    assert (document.title, document.has_title) == (title, False)
    document, _ = read(f"# {title}\n\n## Impact\n\nNobody could log in.\n", name=name)
    assert (document.title, document.has_title) == (title, True)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("PM2021-004 - Sign-in outage", "PM2021-004"),
        ("PM-2026-054-disk-full", "PM-2026-054"),
        ("PM-20260811-01", "PM-20260811-01"),
        ("inc-0042-disk-full", "INC-0042"),
        ("rca_12_disk_full", "RCA_12"),
        ("SRE2021-004", "SRE2021-004"),
        ("pm-2021-05-09-disk-full", ""),
        ("PM-20210509-disk-full", ""),
        ("INC-2024-05-disk-full", ""),
        ("AUG-2021-004", ""),
        ("CVE-2024-43402", ""),
        ("2021-05-09-disk-full", ""),
        ("pm-1.2.3-release", ""),
    ],
)
def test_the_number_that_a_file_s_name_begins_with(name: str, number: str) -> None:
    assert incident("# The disk was full\n\n## Timeline\n\n- 10:00 It broke\n", name=name).number == number


def test_the_number_of_a_label_or_heading() -> None:
    labelled = incident(
        "# Disk full\n\n| Field | Value |\n|---|---|\n| Incident ID | INC-2026-001 |\n\n## Root cause\n"
    )
    assert (labelled.number, labelled.inferred) == ("INC-2026-001", ("number",))
    assert incident("# PM-2026-051: Disk full\n\n## Timeline\n").number == "PM-2026-051"
    assert incident("# PM 3:15, the disk was full\n\n## Timeline\n").number == ""
    assert (
        incident("---\nnumber: A-1\n---\n# B\n\nIncident ID: INC-2\n\n## Timeline\n", name="INC-3").number
        == "A-1"
    )


def test_what_leads_up_to_code_is_what_was_done() -> None:
    fix = "## Timeline\n\n## Resolution\n\n{lead}\n\n```sh\nmake it so\n```\n\nThe setting was applied as the last of all files.\n"
    put = "Put the setting into a file of its own and give it a number:"
    told = incident("# Disk full\n\n" + fix.format(lead=put)).resolution
    assert told == "Put the setting into a file of its own and give it a number"
    announced = incident(
        "# Disk full\n\n" + fix.format(lead="To resolve it the team took the following steps:")
    )
    assert announced.resolution == "The setting was applied as the last of all files."


def test_short_codes_of_other_generators_are_no_part_of_what_is_said() -> None:
    text = 'Every user could connect again, and the shop sold. {{< track "2018-05-25 05:54:00" >}}'
    found = incident(f"# Shop down\n\n## Resolution\n\n{text}\n")
    assert found.resolution == "Every user could connect again, and the shop sold."


@pytest.mark.parametrize(
    ("entries", "detection"),
    [
        (("10:00 A release went out", "10:05 Issue detected via automated monitoring"), "alert"),
        (("10:05 Latency alerts fired for the shop",), "alert"),
        (("10:05 Users report that pages do not load", "10:09 Alerts fired"), "customer-report"),
        (("10:05 Reports from several customers came in",), "customer-report"),
        (("10:05 An engineer noticed high load",), "staff-noticed"),
        (("10:00 Pages failed with errors", "10:30 We noticed that the disk was full"), ""),
        (("10:05 Issue detected", "10:09 Users complained about it"), ""),
        (("10:05 No alert was triggered", "10:09 The team found the cause"), ""),
        (("10:05 A support ticket was opened with the provider",), ""),
        (("11:00 The issue was resolved", "11:10 Users reported that all was well"), ""),
        (("10:05 The team found that the configuration was wrong",), ""),
        (("10:05 A first fix was applied", "18:00 A customer reported that pages were slow"), ""),
    ],
)
def test_how_it_was_detected_as_the_timeline_tells(entries: tuple[str, ...], detection: str) -> None:
    listed = "\n".join(f"- {entry}" for entry in entries)
    assert incident(f"# Shop outage\n\n## Timeline\n\n{listed}\n").detection == detection


STATISTICS = "# Disk full\n\n## Timeline\n\nAll times in UTC.\n\n| Time | Event |\n|---|---|\n{}\n## Stats\n\n- Time to detection: {}\n- Time to recovery: {}\n"


def test_a_detection_at_once_is_at_the_start() -> None:
    rows = "| 2024-05-03 10:00 | The disk is full |\n| 2024-05-03 10:40 | All systems recovered |\n"
    found = incident(STATISTICS.format(rows, "0 minutes", "40 minutes"))
    assert found.started == found.detected
    assert time_to_detect(found).seconds == 0


def test_an_entry_far_from_the_stated_detection_is_not_the_one() -> None:
    rows = (
        "| 2024-05-01 10:00 | First error |\n| 2024-05-04 17:00 | Third error |\n"
        "| 2024-05-04 22:00 | Service restored |\n"
    )
    found = incident(STATISTICS.format(rows, "4800 minutes", "5040 minutes"))
    assert found.started is not None
    assert found.detected is None


def test_an_exact_stretch_is_preferred_to_one_that_is_about_as_long() -> None:
    entries = (
        "- 13:06 Changes go to staging, with an error\n- 13:35 Deployed for all\n- 15:25 The outage is over\n"
    )
    found = incident(
        f"# 2024-05-03, pages missing\n\n## Summary\n\nThe site was unusable for about 1h50m.\n\n## Timeline\n\n{entries}"
    )
    assert impact_duration(found).seconds == 110 * 60


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("about five hours", "≈ 5 h"),
        ("~45 minutes", "≈ 45 min"),
        ("5 hours", "5 h"),
        ("1h 30m", "1 h 30 min"),
    ],
)
@pytest.mark.parametrize("form", ["# Web\n\n**Duration:** {}\n", "---\nduration: {}\n---\n# Web\n"])
def test_an_approximate_length_is_shown_as_one_and_not_counted(
    tmp_path: Path, text: str, shown: str, form: str
) -> None:
    found = impact_duration(incident(form.format(text)))
    assert found.doubt == ("approximate" if "≈" in shown else "")
    write_files(tmp_path, f"-- content/2024-05-01-web.md --\n{form.format(text)}")
    build_site(tmp_path)
    page = (tmp_path / "site/incidents/2024-05-01-web/index.html").read_text(encoding="utf-8")
    length = re.search(r"<dt>Impact duration.*?<dd>(.*?)</dd>", page, re.DOTALL)
    assert length is not None
    assert re.sub(r"<[^>]+>|†", "", length[1]).split("approx")[0].strip().startswith(shown)


def test_a_number_in_words() -> None:
    told = "Pages were missing. The outage lasted approximately nine hours before all was well."
    assert incident(f"# Pages missing\n\n## Summary\n\n{told}\n\n## Root cause\n\nA.\n").duration == Duration(
        9 * 3600, doubt="approximate"
    )


@pytest.mark.parametrize(
    ("text", "resolution"),
    [
        ("The team did a great job of answering at once and told everybody.", ""),
        (
            "The node did not answer any more, as its log said. The quickest way out was to restart the node.",
            "The quickest way out was to restart the node.",
        ),
        (
            "This document is written for whoever runs the same tool.\n\nThe certificate was renewed on all hosts.",
            "The certificate was renewed on all hosts.",
        ),
        (
            "Der Dienst lief nach einer Stunde wie vorher, sagten alle.",
            "Der Dienst lief nach einer Stunde wie vorher, sagten alle.",
        ),
    ],
)
def test_a_resolution_is_what_mended_it(text: str, resolution: str) -> None:
    assert incident(f"# Shop down\n\n## Timeline\n\n## Resolution\n\n{text}\n").resolution == resolution


def test_abbreviations_end_no_sentence() -> None:
    text = "Jobs run on hosts that are kept, i.e. Ours and those of others, e.g. Runners in the cloud. More follows."
    assert incident(f"# Shop down\n\n## Summary\n\n{text}\n\n## Timeline\n").summary.startswith(text[:-14])


def test_a_note_about_the_document_is_no_summary() -> None:
    told = "A customer told us that old versions of the client take packages from the wrong place, and we mended it."
    found = incident(
        f"# Shop down\n\n> **Note**: This is a copy of what we published elsewhere, with a signature.\n\n{told}\n\n## Impact\n\nSome.\n"
    )
    assert found.summary == told


def test_a_notice_of_a_supplier_is_no_alert() -> None:
    found = incident(
        "# Keys exposed\n\n## Detection\n\nThe supplier announced a security alert on Thursday.\n"
    )
    assert found.detection == ""
    own = incident(
        "# Keys exposed\n\n## Detection\n\nWe got a security alert from the scanner on Thursday.\n"
    )
    assert own.detection == "alert"


def test_a_cause_found_later_was_not_identified_then() -> None:
    entries = "- 10:00 The shop is down\n- 10:30 The shop is back online\n- 11:00 Work goes on, and the root cause was found later\n"
    assert incident(f"# 2024-05-03, shop down\n\n## Timeline\n\n{entries}").identified is None


def test_the_day_of_a_release_is_not_that_of_the_incident() -> None:
    text = "Versions before 3.1, released on 2018-05-10, are affected, and all later ones are well."
    found = incident(
        f"# Shop down\n\n{text}\n\n## Timeline\n\n- Wed, Sep 18, 2019 - Reported\n- Thu, Sep 19, 2019 - Fixed\n"
    )
    assert found.date == date(2019, 9, 18)


def test_a_day_of_another_year_than_the_number_is_left_out() -> None:
    text = "# Disk full\n\n## Timeline\n\n- {}-21 A script was written\n- 2022-06-02 The script was stopped\n"
    assert incident(text.format("2020-12"), name="PM2022-006 - Disk full").date is None
    assert incident(text.format("2021-12"), name="PM2022-006 - Disk full").date == date(2021, 12, 21)


def test_a_day_in_the_address_for_another_generator() -> None:
    front = '+++\npath = "inside/2020/02/26/report"\ntitle = "Crates missing"\n+++\n'
    assert incident(f"{front}## Timeline\n\nIt was so.\n").date == date(2020, 2, 26)
    assert incident(f"{front}## Timeline\n\n- 2020-02-20 21:28 UTC Crates are missing\n").date == date(
        2020, 2, 20
    )


def test_a_title_with_a_date_outranks_the_name_of_the_file() -> None:
    assert incident("# 2018-01-11, old keys\n\n## Timeline\n", name="2018-01-18-keys").date == date(
        2018, 1, 11
    )


def test_marks_of_markdown_in_front_matter_are_not_shown() -> None:
    found = incident(
        "---\nseverity: SEV2\nsummary: A `GETDATA` **flood**, see [the report](https://example.org)\n---\n# Flood\n"
    )
    assert found.summary == "A GETDATA flood, see the report"


def test_a_title_from_the_text_is_not_shown_twice() -> None:
    _, html = read("**Postmortem: Nginx outage**\n\n### Impact\n\nBad.\n")
    assert "Nginx outage" not in html


def test_words_of_status_and_severity() -> None:
    table = "# Web outage\n\n| | |\n|---|---|\n| Severity | {} |\n| Status | {} |\n"
    assert incident(table.format("High", "Completed")).severity == "SEV2"
    assert incident(table.format("P1 (critical)", "Completed")).status is Status.FINAL
    assert incident(table.format("purple", "Draft")).severity == ""
    assert incident(table.format("purple", "Draft")).status is None


def test_detection_resolution_summary() -> None:
    found = incident(
        "# Web outage\n\n## Summary\n\nThe web site did not answer for a while, and nobody could log in.\n\n## Detection\n\n"
        "Several customers complained to support.\n\n## Root cause and resolution\n\nA cable. The issue was fixed by plugging it in again.\n"
    )
    assert found.detection == "customer-report"
    assert found.resolution == "The issue was fixed by plugging it in again."
    assert found.summary == "The web site did not answer for a while, and nobody could log in."


@pytest.mark.parametrize(
    ("text", "detection"),
    [
        ("The team observed that the prometheus pod had restarted", "staff-noticed"),
        ("We noticed high latency on a dashboard", "staff-noticed"),
        ("The team was alerted and found the node down", "alert"),
        ("Pingdom alerted, and users complained", "alert"),
    ],
)
def test_detection(text: str, detection: str) -> None:
    assert incident(f"# Web outage\n\n## Detection\n\n{text}.\n").detection == detection


@pytest.mark.parametrize(
    ("section", "summary"),
    [
        ("- The dashboards were empty\n- All metrics were lost\n", "The dashboards were empty; All metrics were lost"),
        ("- The dashboards were empty all day.\n- All metrics were lost.\n", "The dashboards were empty all day. All metrics were lost."),
        ("- Sites affected:\n    - 2 sites were unavailable\n    - 3 sites were slow\n", "Sites affected: 2 sites were unavailable; 3 sites were slow"),
        ("The impact was as follows:\n\nNobody could log in for an hour, nor sign up.\n", "Nobody could log in for an hour, nor sign up."),
        ("From 10:00 to 11:30 half of all requests failed in the region.\n", "From 10:00 to 11:30 half of all requests failed in the region."),
        ("- Duration: 3 hours\n- Users: everyone who was in the region\n- Login failed for everybody in the region\n", "Login failed for everybody in the region"),
    ],
)  # fmt: skip
def test_a_section_s_opening_may_be_a_list(section: str, summary: str) -> None:
    assert incident(f"# Web outage\n\n## Impact\n\n{section}").impact.summary == summary


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_labelled_text_goes_on_in_the_next_line(flavor: str) -> None:
    text = "# Web outage\n\n**Impact:** Users could not log in\nfor an hour.\n**Root cause:** a full disk\n"
    assert incident(text, flavor=flavor).impact.summary == "Users could not log in for an hour."


def test_services_by_their_configured_names() -> None:
    text = "# Checkout outage\n\n## Impact\n\nThe Login service and checkout were slow; nothing else was.\n\n## Root cause\n\nsearch\n"
    found = incident(text, services=services("checkout", "login", "search"))
    assert found.services == ("checkout", "login")


NEGATIVES = [
    "# 0x19. Postmortem\n\nProject will start Feb 27, 2023 6:00 AM, must end by Mar 6, 2023 6:00 AM\n\n## Resources\n\n- Incident report\n",
    "# Postmortem\n\n## Issue summary\n\n- duration of the outage with start and end times\n- impact (how many % of users)\n\n"
    "## Timeline\n\n- when was the issue detected\n- how was it detected\n",
    "# Incident response\n\n## Timeline\n\nOpen it within 30 minutes. Reviews are due by 2024-03-05 10:00.\n\n## Impact\n\nSEV1 means all of it.\n",
    "# Runbook: outage of the web\n\n1. Wait for 10 minutes.\n2. Call 555-0100 between 9:00 and 17:00.\n",
]


@pytest.mark.parametrize("text", NEGATIVES)
def test_templates_and_runbooks_have_no_times(text: str) -> None:
    found = read(text)[0].incident
    if found is not None:
        assert (
            when(found) == ("", "") and found.duration is None and found.timeline == () and found.date is None
        )


def test_zones() -> None:
    zone = zone_in("All times are UTC")
    assert zone is not None and zone.minutes == 0
    assert zone_in("UTC and PST") is None and zone_in("no zone") is None
    eastern = moments("2024-07-05 10:00 ET")[0].zone
    assert (
        eastern is not None
        and eastern.offset(moments("2024-07-05")[0].wall(DayOf(2024, 7, 5).on())) == -4 * 3600
    )  # type: ignore[arg-type]


def test_evidence_says_where_values_stand() -> None:
    text = "---\nseverity: SEV2\n---\n\n# Web outage\n\n## Summary\n\n- **Duration:** March 5, 2024, 10:00 - 11:30 UTC\n- Impact: 75% of users could not log in\n"
    document, _ = read(text)
    places = {item.field: (item.line, item.column) for item in document.evidence}
    assert places["started"] == places["resolved"] == (9, 17)
    assert places["impact.percent"][0] == 10
    assert document.position("started") == (9, 17)


FRAGMENT = st.sampled_from(
    [
        "# Postmortem: web outage\n\n",
        "## Timeline (UTC)\n\n",
        "## Root cause and resolution:\n\n",
        "- 10:00 AM: down\n",
        "* **11:30 PM (PST)** - back <b>up</b>\n",
        "| Time | Event |\n|---|---|\n| 10:00 | a |\n",
        "Duration: 2024-03-05 10:00 - 11:30\n",
        "**Impact**: 80% of users & more\n\n",
        "> ### 2024-02-30 25:61\n\n",
        "    indented 10:00 - x\n",
        "```\n10:00 - x\n```\n",
        "<ul><li>10:00 <a href='x'>b</a></li></ul>\n\n",
        "- [ ] Add an alert\n- [x] Done\n",
        "## Action items\n\n",
        "1. Add [a](b)\n   - c\n",
        "23:59 - a\n00:01 - b\n",
        "\n",
        "次の時刻 10:00\n",
    ]
)
DOCUMENTS = st.lists(FRAGMENT | st.text(max_size=40), max_size=12).map("".join)


@settings(deadline=None, max_examples=150)
@given(DOCUMENTS)
@example("Duration:")
@example("# \n\n**\n\n- :\n")
def test_reading_prose_never_raises_and_stays_within_the_file(text: str) -> None:
    document, _ = read("# Web outage\n\n" + text)
    count = ("# Web outage\n\n" + text).replace("\r", "\n").count("\n") + 1
    for item in document.evidence:
        assert 1 <= item.line <= count and item.column >= 1
    for problem in document.diagnostics:
        assert problem.code.startswith("W") or problem.code in ("E101", "E106", "E107")
        assert 1 <= problem.line <= count


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 86399), st.integers(60, 40_000), st.sampled_from(["UTC", "(WAT)", "PST", ""]))
def test_a_stretch_that_is_written_is_the_stretch_that_is_read(start: int, length: int, zone: str) -> None:
    def clock(seconds: int) -> str:
        return f"{seconds % 86400 // 3600:02}:{seconds // 60 % 60:02}"

    length -= length % 60
    text = f"# Web outage\n\n- Duration: January 5, 2024, {clock(start)} - {clock(start + length)} {zone}\n"
    assert impact_duration(incident(text)).seconds == length


def test_both_flavours_read_the_same() -> None:
    text = "# Web outage\n\n## Timeline\n\n- **10:00 UTC** - down\n- **11:00 UTC** - Service fully restored\n\n## Action items\n\n- Add an alert\n"
    first, second = (incident(text, name="2024-03-05-web", flavor=flavor) for flavor in FLAVORS)
    assert first == second


HOSTILE = {
    "digits": "1" * 300_000,
    "colons": ":" * 300_000,
    "dashes": "-" * 300_000,
    "blanks": "a" + " " * 300_000 + "b",
    "times": "10:00 " * 50_000,
    "items": "- 10:00 x\n" * 30_000,
    "lines": "10:00 - down\n" * 30_000,
    "labels": "Duration: 10:00 - 11:00\n" * 20_000,
    "headings": "## 10:00\n\nx\n\n" * 8_000,
    "one phrase": "caused by misconfigured all users 1% 1 hour " * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_input_is_slow(name: str, tmp_path: Path) -> None:
    """Reading in a process with a limit of time and memory ends a document that takes too long with E107."""
    for head in ("## Timeline\n\n", "## Summary\n\n", "## Root cause\n\n", "## Action items\n\n"):
        path = tmp_path / "content" / f"{name.replace(' ', '-')}-{len(head)}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# Web outage\n\n{head}{HOSTILE[name]}\n", encoding="utf-8")
    assert "E107" not in codes(check_site(tmp_path))


def test_what_is_looked_at_is_bounded() -> None:
    assert len(lines("<ul>" + "<li>10:00 x</li>" * 100_000 + "</ul>")) == MAX_LINES


SITE = """
-- pmsite.yaml --
title: Ours
-- content/2024-03-05-web.md --
# Web outage

## Issue summary

- **Duration:** March 5, 2024, 10:00 AM - 11:30 AM (UTC)
- **Impact:** 80% of users saw errors.
- **Root cause:** A misconfigured load balancer.

## Timeline

- **10:00 AM (UTC):** Pages slow
- **11:30 AM (UTC):** All restored

## Action items

- [x] Add an alert
- Write a runbook
"""


def test_a_site_without_front_matter_is_a_full_site(tmp_path: Path) -> None:
    report = build_site(write_files(tmp_path, SITE))
    assert report.ok and "W402" not in codes(report)
    files = tree(tmp_path / "site")
    page = files["incidents/2024-03-05-web/index.html"].decode()
    assert "1 h 30 min" in page and "80 %" in page and 'id="pm-inferred"' in page
    assert page.count("Pages slow") == 1 and page.count("Write a runbook") == 1
    assert page.count("Inferred from the text: ") == 1
    data = files["incidents.json"].decode()
    assert '"started":"2024-03-05T10:00:00Z"' in data and '"inferred":["started"' in data
    assert "Write a runbook" in files["actions/index.html"].decode()
    assert "causes/configuration/index.html" in files


def test_a_built_site_does_not_depend_on_jobs_or_history(tmp_path: Path) -> None:
    first = write_files(tmp_path / "a", SITE)
    build_site(first, jobs=1)
    second = write_files(tmp_path / "b", SITE.replace("11:30", "11:45"))
    build_site(second, jobs=2)
    write_files(second, SITE)
    build_site(second, jobs=2)
    assert tree(first / "site") == tree(second / "site")


def test_check_lists_what_was_inferred(tmp_path: Path) -> None:
    site = write_files(tmp_path, SITE)
    found = pmsite("check", "-v", cwd=site)
    assert (
        "content/2024-03-05-web.md:5:17: inferred started = 2024-03-05T10:00:00Z"
        in found.stdout + found.stderr
    )
    assert re.search(
        r"content/2024-03-05-web\.md:17:\d+: inferred action_items\.1", found.stdout + found.stderr
    )
    assert "inferred" not in pmsite("check", cwd=site).stdout


def test_prose_gives_warnings_and_never_errors(tmp_path: Path) -> None:
    site = write_files(tmp_path, SITE.replace("(UTC)\n- **Impact", "(UTC), 3 hours\n- **Impact"))
    report = check_site(site)
    assert report.ok
    assert problems(report) == [
        "content/2024-03-05-web.md:5:17: W416 says 3 h; the times of line 5 are 1 h 30 min apart"
    ]
    assert duration(5400) == "1 h 30 min"


def test_services_are_read_from_their_label() -> None:
    text = "# Web down\n\n| Field | Value |\n|---|---|\n| Affected services | Checkout, mail |\n\nUsers could not pay.\n\n## Root cause\n\nA disk was full.\n"
    found = incident(text, services=services("checkout", "mail", "search"))
    assert found.services == ("checkout", "mail")


def test_a_title_at_the_beginning_of_its_paragraph_is_not_repeated_in_the_summary() -> None:
    text = "Web outage on a holiday\nA shop's site is down in the busiest week of its year. Nobody can buy.\n\nTimeline:\n\nnone\n"
    assert incident(text).summary.startswith("A shop's site")


def test_a_labelled_line_is_no_introduction() -> None:
    text = "# Web down\n\n**Impact:** Everybody who tried to log in that morning was turned away.\n"
    found = incident(text)
    assert found.summary == "" and found.impact.summary.startswith("Everybody who tried")


def test_an_incident_that_is_declared_over_is_not_declared() -> None:
    head = "# Web outage\n\n## Timeline\n\n- 10:00 UTC - Pages slow\n"
    found = incident(head + "- 11:00 UTC - Active incident declared mitigated\n", name="2024-03-05-web")
    assert found.declared is None
    assert isinstance(found.mitigated, Timestamp) and found.mitigated.iso() == "2024-03-05T11:00:00Z"
    assert (
        incident(head + "- 11:00 UTC - Incident was declared over\n", name="2024-03-05-web").declared is None
    )
    assert incident(head + "- 10:10 UTC - Incident declared\n", name="2024-03-05-web").declared is not None


@pytest.mark.parametrize(("stated", "is_kept"), [("10 minutes", True), ("2 minutes", False), ("N/A", True)])
def test_detection_that_contradicts_the_stated_time_to_detect_is_left_out(stated: str, is_kept: bool) -> None:
    found = incident(
        "# Web outage\n\n## Timeline\n\n- 10:00 UTC - The site went down\n- 10:10 UTC - Monitoring alert fired\n"
        f"- 11:00 UTC - Service fully restored\n\n## Stats\n\n- Time to detection: {stated}\n",
        name="2024-03-05-web",
    )
    assert (found.detected is not None) is is_kept
    assert when(found) == ("2024-03-05T10:00:00Z", "2024-03-05T11:00:00Z")


def test_a_length_shorter_than_from_detection_to_end_is_in_doubt() -> None:
    text = (
        "# Web outage\n\n- **Key events**\n    - First detected 2024-03-05 13:14\n    - Repaired 2024-03-05 14:20\n\n"
        "- **Time to repair**: {}\n"
    )
    found = incident(text.format("0h 15m"))
    assert found.duration == Duration(900) and impact_duration(found).doubt
    problems_found = read(text.format("0h 15m"))[0].diagnostics
    assert [(problem.code, problem.line) for problem in problems_found] == [("W416", 7)]
    assert not impact_duration(incident(text.format("3h 0m"))).doubt
    assert not impact_duration(incident(text.format("1h 5m"))).doubt


@pytest.mark.parametrize(
    "first",
    [
        "Internal post-mortem: https://github.com/example/incidents-analysis/pull/58\n",
        "&#91;Report of the outage of the web.jpg](https://example.org/docs/some/long/path/report.jpg)\n",
        "See <https://example.org/incidents/3969/comments/2024586947> for details.\n",
        "docs/tickets/open/postmortem-of-the-outage-of-the-web-servers-and-more.png\n",
    ],
)
def test_an_address_is_no_summary(first: str) -> None:
    told = "On Tuesday the web servers went down for about 3 hours because a disk was full."
    assert incident(f"# Web outage\n\n{first}\n{told}\n").summary == told
    assert incident(f"# Web outage\n\n## Summary\n\n{first}\n{told}\n").summary == told


@pytest.mark.parametrize("flavor", FLAVORS)
def test_code_in_a_known_language_is_no_text_even_where_nothing_in_it_has_a_colour(flavor: str) -> None:
    text = "# Web outage\n\n```{}\njournalctl -b -1\n```\n"
    assert [line.kind for line in lines(read(text.format("bash"), flavor=flavor)[1])] == []
    assert [line.kind for line in lines(read(text.format(""), flavor=flavor)[1])] == ["code"]


@pytest.mark.parametrize("flavor", FLAVORS)
def test_a_title_that_was_indented_leaves_no_empty_block(flavor: str) -> None:
    document, html = read("    Web outage postmortem\n\nOn Tuesday it broke.\n", flavor=flavor)
    assert document.title == "Web outage postmortem"
    assert html.strip() == "<p>On Tuesday it broke.</p>"
    _, html = read("    Web outage postmortem\n\n    On Tuesday it broke.\n", flavor=flavor)
    assert html.count("<pre") == html.count("</pre>") == html.count("<code>") == 1
    assert re.sub(r"<[^>]+>", "", html).strip() == "On Tuesday it broke."


JAPANESE = """# PM-014: ログインできない障害

## メタデータ

| 項目 | 内容 |
|------|------|
| 発生日時 | 2026-04-11 09:05 (JST) ※最初の失敗 |
| 検知日時 | 2026-04-11 09:12 頃 (JST) |
| 復旧日時 | 2026-04-11 09:30 (JST) |
| 影響時間 | 約 25 分 |
| 重大度 | SEV-3（一部の利用者） |

## サマリー

証明書の期限が切れ、利用者はログインできなかった。新しい証明書を配って復旧した。

## タイムライン

| 時刻 (JST) | イベント |
|---|---|
| 09:05 | 発生: ログインが失敗し始める |
| 09:12 | 検知: 利用者からの報告 |
| 09:30 | 復旧: 配布が完了 |

## 対応の評価

### うまくいったこと

- 報告が早かった

### 改善が必要なこと

- 期限の監視がなかった

## アクションアイテム

- 期限の監視を導入する
"""


def test_a_report_in_japanese() -> None:
    found = incident(JAPANESE)
    assert when(found) == ("2026-04-11T09:05:00+09:00", "2026-04-11T09:30:00+09:00")
    assert isinstance(found.detected, Timestamp) and found.detected.precision is Precision.APPROXIMATE
    assert (found.severity, found.duration, found.doubts) == ("SEV3", None, ())
    assert found.summary == "証明書の期限が切れ、利用者はログインできなかった。新しい証明書を配って復旧した。"
    assert [entry.event[:2] for entry in found.timeline] == ["発生", "検知", "復旧"]
    assert [item.title for item in found.action_items] == ["期限の監視を導入する"]
    assert found.resolution == ""
    without_labels = incident(
        "\n".join(line for line in JAPANESE.splitlines() if "日時" not in line), name="2026-04-11-x"
    )
    assert when(without_labels) == when(found)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("約 25 分", 1500),
        ("7 時間 17 分", 26_220),
        ("2日16時間30分", 232_200),
        ("40秒", 40),
        ("2026年1月21日", None),
    ],
)
def test_lengths_in_japanese(text: str, seconds: int | None) -> None:
    found = length_in(text)
    assert (found.seconds if found else None) == seconds


def test_a_label_with_several_incidents_says_nothing() -> None:
    text = "# Web outage\n\n- **Start time:** first of them: 2024-03-05 10:00 UTC, the other: 2024-03-07 10:00 UTC\n- **End time:** 2024-03-07 11:00 UTC\n"
    assert when(incident(text))[0] == ""
