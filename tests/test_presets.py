"""Front matter of other programs: read by one line of configuration, and without a warning."""

import json
from pathlib import Path
from typing import Any

import pytest

from pmsite.archive.incident import Duration, Kind, Status
from pmsite.presets import IGNORE, PRESET, PRESETS
from pmsite.source.keys import Keys, spelled
from pmsite.source.schema import FIELDS
from tests.reading import incident, read
from tests.sites import check_site, pmsite, problems, write_files

# A document in each dialect, with keys that its program knows and what they say here.
DOCUMENTS = {
    "cstate": (
        "---\nTitle: API down\ndate: 2024-01-10 10:00:00\nresolved: true\nresolvedWhen: 2024-01-10 11:30:00\n"
        "severity: disrupted\naffected:\n  - API\nsection: issue\npin: false\nautomated: true\naliases: [/old]\n---\nText.\n",
        {"title": "API down", "severity": "disrupted", "services": ["API"], "date": "2024-01-10"},
    ),
    "hugo": (
        "---\ntitle: Checkout down\nlinkTitle: Down\ndate: 2024-01-10\npublishDate: 2024-01-12\nlastmod: 2024-01-13\n"
        "weight: 10\nslug: down\naliases: [/a]\nlayout: single\ntype: blog\ncategories: [web]\ntags: [dns]\n"
        "params: {author: A. Writer, severity: SEV2, color: red}\nresources:\n  - src: x.png\n---\n## Timeline\n",
        {"title": "Checkout down", "severity": "SEV2", "tags": ["web", "dns"], "authors": ["A. Writer"], "id": "a"},
    ),
    "icco": (
        "---\n\nuuid: 0-1\nurl: https://example.org/a\narchive_url: https://web.archive.org/a\ntitle: Storage outage\n"
        'start_time: 2020-04-21T01:30:00Z\nend_time: ""\ncategories:\n- cloud\nkeywords:\n- database\ncompany: Example\n'
        "product: Storage\nsource_published_at: 2020-05-05T00:00:00Z\nsource_fetched_at: 2026-05-04T18:07:04.1489Z\n\n---\n",
        {"teams": ["Example"], "services": ["Storage"], "tags": ["cloud", "database"], "resolved": None},
    ),
    "jekyll": (
        "---\nlayout: post\ntitle: Mail outage\ndate: 2024-01-10 10:00:00 +0000\npermalink: /mail\ntags: dns mail\n"
        "published: true\nlast_modified_at: 2024-02-01\nredirect_from: [/a]\nnav_order: 1\n---\n## Root cause\n",
        {"title": "Mail outage", "date": "2024-01-10", "tags": ["dns", "mail"]},
    ),
    "mkdocs": (
        "---\ndate:\n  created: 2024-01-10\n  updated: 2024-02-01\nauthors: [joe]\ncategories:\n  - Database\nslug: db\n"
        "draft: false\npin: true\nreadtime: 5\nlinks:\n  - Home: index.md\nhide: [toc]\n---\n# Database outage\n",
        {"title": "Database outage", "date": "2024-01-10", "authors": ["joe"], "tags": ["Database"], "id": "a"},
    ),
    "zola": (
        '+++\ntitle = "Outage"\ndate = 2024-01-10\npath = "2024/outage"\naliases = ["a.html"]\ntemplate = "post.html"\n'
        'in_search_index = true\n[taxonomies]\ntags = ["dns"]\ncategories = ["web"]\n[extra]\nteam = "platform"\n'
        'severity = "SEV2"\nteam_url = "https://example.org"\n+++\n',
        {"date": "2024-01-10", "tags": ["dns", "web"], "teams": ["platform"], "severity": "SEV2"},
    ),
}  # fmt: skip


def listed(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(pmsite("list", "--format", "json", cwd=folder).stdout)[
        "incidents"
    ]
    return found


def test_every_preset_is_shown() -> None:
    assert set(DOCUMENTS) == set(PRESETS)


@pytest.mark.parametrize("preset", DOCUMENTS)
def test_one_line_reads_the_dialect(tmp_path: Path, preset: str) -> None:
    text, expected = DOCUMENTS[preset]
    write_files(tmp_path, f"-- pmsite.yaml --\nfields: {{preset: {preset}}}\n-- content/a.md --\n{text}")
    assert not [line for line in problems(check_site(tmp_path)) if "W105" in line or "W104" in line]
    (found,) = listed(tmp_path)
    assert {key: found[key] for key in expected} == expected
    assert pmsite("build", cwd=tmp_path).returncode == 0


# Not mkdocs: its links have another form than those of pmsite.
@pytest.mark.parametrize("preset", sorted(DOCUMENTS.keys() - {"mkdocs"}))
def test_without_it_keys_are_unknown_but_nothing_is_an_error(tmp_path: Path, preset: str) -> None:
    write_files(tmp_path, f"-- content/a.md --\n{DOCUMENTS[preset][0]}".replace("published: true\n", ""))
    report = check_site(tmp_path)
    assert report.ok and "W105" in [problem.code for problem in report.diagnostics]


@pytest.mark.parametrize("name", PRESETS)
def test_presets_lead_to_fields(name: str) -> None:
    preset = PRESETS[name]
    assert set(preset.fields.values()) <= {*FIELDS, IGNORE}
    assert {field for field, _ in preset.flags.values()} <= set(FIELDS)
    for key in (*preset.fields, *preset.tables, *preset.typical, *preset.spaced):
        assert spelled(key) == key
    # Whatever a preset says, a document that was written for pmsite keeps its title, its times and who may see it.
    assert not set(preset.fields) & {
        "title",
        "date",
        "started",
        "resolved",
        "severity",
        "visibility",
        "status",
    }


def test_a_known_preset_is_named_for_an_unknown_one(tmp_path: Path) -> None:
    write_files(
        tmp_path, "-- pmsite.yaml --\ntitle: x\nfields:\n  preset: csstate\n-- content/a.md --\nText.\n"
    )
    result = pmsite("check", "--output-format", "concise", cwd=tmp_path)
    assert result.returncode == 2
    assert (
        'pmsite.yaml:3:11: E501 fields.preset: no preset is called "csstate" (did you mean cstate?)'
        in result.stderr
    )
    assert "the presets are cstate, hugo, icco, jekyll, mkdocs, zola" in result.stderr


def test_own_words_win_over_a_preset(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        "-- pmsite.yaml --\nfields: {preset: zola, path: number, ours: started, meta.sev: severity, noise: ignore}\n"
        "-- content/a.md --\n---\npath: PM-7\nours: 2024-01-10 10:00\nmeta: {sev: SEV2, other: x}\nnoise: y\nslug: z\n---\n",
    )
    (found,) = listed(tmp_path)
    assert (found["number"], found["started"], found["severity"]) == ("PM-7", "2024-01-10T10:00:00", "SEV2")
    assert [
        line.split(": ", 1)[1].split(" (")[0] for line in problems(check_site(tmp_path)) if "W105" in line
    ] == ['W105 the field "meta.other" is not known']


def test_a_presets_severities_stand_until_the_site_has_its_own(tmp_path: Path) -> None:
    document = "-- content/a.md --\n---\nseverity: down\ndate: 2024-01-10\n---\n"
    write_files(tmp_path, f"-- pmsite.yaml --\nfields: {{preset: cstate}}\n{document}")
    assert "W104" not in str(problems(check_site(tmp_path)))
    write_files(tmp_path, "-- pmsite.yaml --\nfields: {preset: cstate}\nseverities: [Major, Minor]\n")
    assert "known are Major, Minor" in str(problems(check_site(tmp_path)))


@pytest.mark.parametrize(
    ("preset", "line", "field", "value"),
    [
        ("", "draft: true", "status", Status.DRAFT),
        ("hugo", "draft: true", "status", Status.DRAFT),
        ("hugo", "draft: false", "status", None),
        ("jekyll", "published: false", "status", Status.DRAFT),
        ("jekyll", "published: true", "status", None),
        ("cstate", "informational: true", "kind", Kind.MAINTENANCE),
        ("cstate", "informational: false", "kind", Kind.INCIDENT),
        ("", "type: Postmortem", "kind", Kind.INCIDENT),
        ("", "type: maintenance", "kind", Kind.MAINTENANCE),
        ("hugo", "type: drill", "kind", Kind.DRILL),
    ],
)
def test_keys_whose_value_decides(preset: str, line: str, field: str, value: Any) -> None:
    fields = {PRESET: preset} if preset else {}
    found = incident(f"---\n{line}\nseverity: SEV1\n---\n", fields=fields)
    assert getattr(found, field) == value


def test_type_is_a_kind_only_where_it_names_one() -> None:
    document, _ = read("---\ntype: advisory\n---\nText.\n", name="about")
    assert document.incident is None and [key for key, _ in document.unknown_fields] == ["type"]


@pytest.mark.parametrize(
    ("lines", "field", "value"),
    [
        ("tags: [a]\ncategories: [b]", "tags", ("a", "b")),
        ("category: b, c\ntags: a", "tags", ("b", "c", "a")),
        ("service: web\naffected: [api, web]", "services", ("web", "api")),
        ("duration_minutes: 90", "duration", Duration(5400)),
        ("duration_hours: 2", "duration", Duration(7200)),
        ("duration_minutes: 1 h", "duration", Duration(3600)),
    ],
)
def test_built_in_synonyms(lines: str, field: str, value: Any) -> None:
    assert getattr(incident(f"---\n{lines}\nseverity: SEV1\n---\n"), field) == value


def test_a_blank_value_says_nothing_and_its_key_still_marks_a_postmortem() -> None:
    document, _ = read('---\nstart_time: ""\nend_time: ""\n---\nText.\n', name="a")
    assert document.diagnostics == () and document.incident is not None and document.incident.started is None


def test_positions_in_tables(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        "-- pmsite.yaml --\nfields: {preset: hugo}\n-- content/a.md --\n---\ntitle: x\nparams:\n  started: soon\n---\n",
    )
    assert any(
        line.startswith("content/a.md:4:12: E103 started: ") for line in problems(check_site(tmp_path))
    )


def test_known_keys_are_those_that_mean_something() -> None:
    known = set(Keys({PRESET: "icco", "ours": "started"}).known())
    assert {"company", "ours", "draft", "started_at", "title"} <= known and not {"uuid", PRESET} & known
