"""Action items in prose: lists, boxes, tables, headings and plain lines; what introduces and concludes is none."""

from datetime import date

import pytest

from pmsite.archive.incident import ActionItem, ActionStatus, ActionType
from tests.reading import FLAVORS, incident

HEAD = "# Web outage\n\n## Action items\n\n"


def titles(text: str, **given: str) -> list[str]:
    return [item.title for item in incident(text, **given).action_items]


FORMS = {
    "bullets": "- Add an alert\n- Write a runbook\n",
    "introduced": "We will do the following:\n\n- Add an alert\n- Write a runbook\n\nWith these, it will not happen again.\n",
    "numbers": "1. Add an alert\n2. Write a runbook\n",
    "labels": "- **Improvements:**\n    1. Add an alert\n- **Tasks:**\n    1. Write a runbook\n",
    "headings": "### Short term\n\n- Add an alert\n\n### Long term\n\n- Write a runbook\n",
    "details": "- Add an alert\n    - on memory\n    - on disk\n- Write a runbook\n",
    "explained": "1. Add an alert\n\n    We plan to measure:\n\n- memory\n- disk\n\n2. Write a runbook\n",
    "plain lines": "Add an alert\nWrite a runbook\n",
    "paragraphs": "Add an alert\n\nWrite a runbook\n\nIn conclusion, it was a long day.\n",
    "HTML": "<ol>\n<li>Add an alert</li>\n<li>Write a runbook</li>\n</ol>\n",
    "twice": "- Add an alert\n- Write a runbook\n\n### Tasks\n\n- Add an alert.\n",
    "nothing": "- Add an alert\n- N/A\n- Write a runbook\n- TBD\n",
    "bold lines": "**Improvements**\n\n- Add an alert\n\n**Tasks:**\n\n- Write a runbook\n",
}


@pytest.mark.parametrize("flavor", FLAVORS)
@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, flavor: str) -> None:
    assert titles(HEAD + FORMS[form], flavor=flavor) == ["Add an alert", "Write a runbook"]


@pytest.mark.parametrize(
    "heading",
    [
        "Corrective and preventative measures",
        "Corrective and Preventive Actions:",
        "Follow-ups",
        "Next steps",
        "TODO:",
        "5. Action Items",
        "Remediation",
        "Review actions",
        "Tasks to address the issue",
        "再発防止",
    ],
)
def test_sections(heading: str) -> None:
    assert titles(f"# Web outage\n\n## {heading}\n\n- Add an alert\n") == ["Add an alert"]


@pytest.mark.parametrize(
    "heading", ["Resolution", "What went well", "References", "Actions taken", "Attendees", "Outcome"]
)
def test_other_sections_hold_none(heading: str) -> None:
    assert titles(f"# Web outage\n\n## {heading}\n\n- We restarted it\n- It was quick\n") == []


def test_a_plain_bullet_has_no_known_state_and_boxes_have_one() -> None:
    found = incident(HEAD + "- [x] Add an alert\n- [ ] Write a runbook\n- Tell everyone\n").action_items
    assert [item.status for item in found] == [ActionStatus.DONE, ActionStatus.OPEN, ActionStatus.UNKNOWN]


def test_tables_give_owner_due_state_type_and_ticket() -> None:
    table = (
        "| Action | Owner | Due | Status | Type | Ticket |\n|---|---|---|---|---|---|\n"
        "| Add an alert | Ops | 2024-04-01 | In progress | detect | OPS-7 |\n"
        "| Write a runbook | - | TBD | Done | | |\n"
    )
    assert incident(HEAD + table).action_items == (
        ActionItem(
            "Add an alert",
            owner="Ops",
            due=date(2024, 4, 1),
            status=ActionStatus.IN_PROGRESS,
            type=ActionType.DETECT,
            ticket="OPS-7",
        ),
        ActionItem("Write a runbook", status=ActionStatus.DONE),
    )


def test_tasks_that_are_indented_too_far_are_tasks() -> None:
    text = HEAD + "- Add an alert.\n  - Write a runbook.\n  - Raise the limit.\n"
    assert titles(text) == ["Add an alert.", "Write a runbook.", "Raise the limit."]


def test_who_is_named_last_owns_it_and_a_rule_s_number_is_no_ticket() -> None:
    found = incident(
        HEAD + "- Clean up weekly @mara\n- Add an alert (@ops-team)\n- See rule #2, or #214\n"
    ).action_items
    assert [item.owner for item in found] == ["@mara", "@ops-team", ""]
    assert [item.ticket for item in found] == ["", "", "#214"]


def test_numbered_headings_are_items_where_nothing_else_is() -> None:
    text = HEAD + "#### 1) Cleanup scheduled\n\nIt runs daily.\n\n#### 2) Alert added\n\nAt 90 %.\n"
    assert titles(text) == ["Cleanup scheduled", "Alert added"]


def test_lessons_that_all_tell_what_to_do_stand_for_items_where_there_is_no_section() -> None:
    lessons = "# Web outage\n\n## Lessons learned\n\n- Add an alert\n- Review limits monthly\n"
    assert titles(lessons) == ["Add an alert", "Review limits monthly"]
    assert titles(lessons + "- It was a long day\n") == []
    assert titles(lessons + "\n## Action items\n\n- Write a runbook\n") == ["Write a runbook"]


def test_running_text_is_not_cut_into_items() -> None:
    text = (
        HEAD
        + "Going forward we want to think about how the site is built. The pattern would be one of quick failover."
        " We are working on it.\n\nWe are also happy that nobody lost data. It could have been worse.\n"
    )
    assert titles(text) == []
    assert titles(HEAD + "An alert should tell the team about it.\n") == [
        "An alert should tell the team about it."
    ]


def test_front_matter_goes_first() -> None:
    text = "---\naction_items: [Write a runbook]\n---\n" + HEAD + "- Add an alert\n"
    found = incident(text)
    assert [item.title for item in found.action_items] == ["Write a runbook"]
    assert "action_items" not in found.inferred and "action_items" not in found.shown


@pytest.mark.parametrize("flavor", FLAVORS)
def test_lines_that_were_broken_to_fit_a_width_are_one_item(flavor: str) -> None:
    text = "- Find a way to limit requests in cases\n  of high load.\n- Write a runbook\n    - on memory\n      and disk\n"
    assert titles(HEAD + text, flavor=flavor) == [
        "Find a way to limit requests in cases of high load.",
        "Write a runbook",
    ]


@pytest.mark.parametrize(
    "section",
    [
        "### What we did\n\n- Throughput: we watched it\n- Moved the table\n",
        "### Immediate actions taken\n\n- Moved the table\n- Watched the throughput\n",
        "- Moved the table\n- We restarted the workers\n- Enhanced monitoring: add an alert\n",
        "### Immediate actions (completed)\n\n1. **Moving the table**\n\nWe moved the table to a new one, while we watched these:\n\n- Throughput\n- Lag\n\n"
        "2. **Clean-up**\n\nWe then cleaned up.\n",
    ],
)
def test_what_was_done_is_no_list_of_what_to_do(section: str) -> None:
    assert titles(f"# Web outage\n\n## Remediation\n\n{section}") == []


def test_what_a_list_of_items_names_in_the_past_tense_stays_one() -> None:
    listed = "- Created a ticket for an alert\n- Timeouts increased\n"
    assert len(titles(HEAD + listed)) == 2
    assert [
        item.status
        for item in incident("# A\n\n## Remediation\n\n### Actions (completed)\n\n" + listed).action_items
    ] == [
        ActionStatus.DONE,
        ActionStatus.DONE,
    ]
    assert len(titles("# Web outage\n\n## Remediation\n\n- [x] Moved the table\n- [x] Added an alert\n")) == 2


def test_a_bold_line_is_an_items_name() -> None:
    assert titles(
        HEAD + "1. **Better alerts**\n   We plan to add some.\n2. **Runbooks for\n   the table**\n"
    ) == [
        "Better alerts",
        "Runbooks for the table",
    ]
