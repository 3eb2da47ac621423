"""Every rule: what triggers it and where, what just does not, and how a site configures it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pmsite.cache import Limits
from pmsite.diagnostics import RULES, Diagnostic, PmsiteError
from pmsite.site.write import locked
from pmsite.source import collect
from tests.sites import ROOT, build_site, check_site, codes, pmsite, problems, tree, write_files

MARK = "▲"  # stands before the place that a problem is expected at
DOCUMENT = "content/2024-01-10-web.md"
BODY = "## What happened\n\nIt broke.\n"
FINAL = "title: Web down\nstatus: final\nseverity: SEV1\nroot_cause: capacity\nsummary: Slow."
OTHER = "-- content/2024-02-02-dns.md --\n---\nseverity: SEV1\n---\n"
CAUSES = "-- content/2024-0{0}-01-a.md --\n---\nroot_cause: {2}{1}\n---\n"


@pytest.fixture(autouse=True)
def _read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading without a time limit needs no process of its own, which makes hundreds of small sites quick."""
    monkeypatch.setattr(collect, "LIMITS", None)


def front(fields: str, body: str = BODY, path: str = DOCUMENT) -> str:
    """A site of one document."""
    return f"-- {path} --\n---\n{fields}\n---\n{body}"


def prose(body: str) -> str:
    return f"-- {DOCUMENT} --\n## What happened\n\n{body}\n"


def final(fields: str) -> str:
    return front(f"{FINAL}\n{fields}")


def without(field: str) -> str:
    """A final postmortem that lacks one of the fields it needs; the problem is where the title is."""
    lines = [line for line in FINAL.split("\n") if not line.startswith(field)]
    return front("\n".join(lines).replace("title: ", f"title: {MARK}"))


def causes(*words: str) -> str:
    return "".join(CAUSES.format(number, word, "") for number, word in enumerate(words, 1))


AGAIN = "-- content/2023-12-28-cron.md --\n---\ntitle: Jobs ran twice\nservices: [cron]\n{0}\n---\n"
ALIAS = "-- content/2024-0{0}-02-a.md --\n{2}---\nseverity: SEV1\naliases: [{1}]\n---\n"

# code, a site that breaks the rule exactly once, at the mark; and a site next to it in which nothing is wrong.
CASES: list[tuple[str, str, str]] = [
    ("E101", f"-- {DOCUMENT} --\n## Impact\n\nab{MARK}\0c\n", f"-- {DOCUMENT} --\n## Impact\n\nabc\n"),
    ("E102", front(f"title: a{MARK}: b"), front('title: "a: b"')),
    ("E102", front(f"severity: SEV1\n{MARK}severity: SEV2"), front("severity: SEV1\nimpact: {percent: 1}")),
    ("E103", front(f"published: {MARK}2024-02-30"), front("published: 2024-02-29")),
    ("E103", front(f"visibility: {MARK}intern"), front("visibility: Internal")),
    ("E103", front(f"impact: {{users: {MARK}many}}"), front("impact: {users: 1.2k}")),
    ("E103", front(f"impact:\n  percent: {MARK}101"), front("impact:\n  percent: 100")),
    (
        "E103",
        front(f"impact: {{windows: [{{from: {MARK}now, to: 2024-01-10 10:00}}]}}"),
        front("impact: {windows: [{from: 09:00, to: 2024-01-10 10:00}]}"),
    ),
    ("E103", front(f"timeline:\n  - event: It begins\n    at: {MARK}noon"), front("timeline: [{at: 10:00, event: a}]")),
    ("E103", front(f"action_items:\n  - {{title: a, due: {MARK}soon}}"), front("action_items: [{title: a, due: tbd}]")),
    ("E103", front(f"links: [{{label: a, url: {MARK}javascript:b}}]"), front("links: [https://example.org]")),
    ("E103", front(f"title: {MARK}[a, b]"), front("title: a, b")),
    ("W104", front(f"severity: {MARK}SEV33"), front("severity: p1")),
    ("W104", front(f"root_cause: {MARK}gremlins"), front("root_cause: Code Defect")),
    (
        "W104",
        f"-- pmsite.yaml --\nservices: [web]\n{front(f'services: {MARK}[wbe]')}",
        f"-- pmsite.yaml --\nservices: {{web: {{aliases: [site]}}}}\n{front('services: [SITE]')}",
    ),
    ("W105", front(f"severity: SEV1\n{MARK}sevrity: SEV1"), front("Severity: SEV1")),
    (
        "W105",
        front(f"severity: SEV1\n{MARK}beginn: 2024-01-10 10:00"),
        f"-- pmsite.yaml --\nfields: {{beginn: started}}\n{front('beginn: 2024-01-10 10:00')}",
    ),
    ("E106", prose(f"a\n\nb {MARK}<!-- internal --> c"), prose("<!-- internal --> c <!-- /internal -->")),
    ("E106", prose(f"{MARK}<!-- /internal -->"), prose("<!-- internals -->")),
    ("W108", f"-- {DOCUMENT} --\n{MARK}---\n\n## Impact\n", f"-- {DOCUMENT} --\n## Impact\n\n---\n"),
    ("W109", f"-- {DOCUMENT} --\n{MARK}Words.\n", front("severity: SEV1", "Words.\n")),
    ("W109", f"-- {DOCUMENT} --\n{MARK}Words.\n", f"-- {DOCUMENT} --\nWords.\n\n## Root cause\n"),
    (
        "W110",
        f"{prose('a')}-- content/2024-02-02-dns.txt --\n{MARK}Text.\n",
        f"{prose('a')}-- content/notes.txt --\nText.\n",
    ),
    ("W111", front(f"kind: {MARK}incidnt"), front("kind: Outage")),
    ("W111", front(f"severity: SEV1\nstatus: {MARK}whatever"), front("severity: SEV1\nstatus: In review")),
    (
        "N113",
        f"{prose('a')}-- content/_draft.md --\n{MARK}Text.\n",
        f"{prose('a')}-- content/.draft.md --\nText.\n",
    ),
    (
        "N113",
        f"-- pmsite.yaml --\nexclude: [old-*]\n{prose('a')}-- content/old-1.md --\n{MARK}Text.\n",
        f"-- pmsite.yaml --\nexclude: [old-*]\n{prose('a')}-- content/old-1.txt --\nText.\n",
    ),
    ("W201", prose(f"[a]({MARK}missing.md)"), prose("[a](2024-01-10-web.md)")),
    ("W201", prose(f"[a]({MARK}../../secret.md)"), prose("[a](https://example.org/secret.md)")),
    ("W202", prose(f"[a]({MARK}#what)"), prose("[a](#what-happened)")),
    ("W203", prose(f"![a]({MARK}a.svg)"), f'{prose("![a](a.svg)")}-- content/a.svg --\n<svg/>'),
    (
        "W204",
        f"{prose(f'[a]({MARK}run.exe)')}-- content/run.exe --\nMZ",
        f"{prose('[a](run.log)')}-- content/run.log --\nMZ",
    ),
    (
        "E301",
        f"{front('id: dns')}-- content/2024-02-02-b.md --\n---\nid: {MARK}DNS\n---\n{BODY}",
        f"{front('id: dns')}-- content/2024-02-02-b.md --\n---\nid: dns2\n---\n{BODY}",
    ),
    ("E301", front(f"id: {MARK}page"), front("id: pages")),
    (
        "E302",
        ALIAS.format(2, "old", MARK) + ALIAS.format(3, "Old", ""),
        ALIAS.format(2, "old", "") + ALIAS.format(3, "older", ""),
    ),
    ("W303", OTHER + front(f"related: [{MARK}2024-02-02-dnss]"), OTHER + front("related: [2024-02-02-dns]")),
    ("W303", front(f"related:\n  - {MARK}2024-01-10-web"), OTHER + front("related:\n  - {id: 2024-02-02-dns}")),
    (
        "W304",
        front("number: PM-1") + f"-- content/2024-02-02-b.md --\n---\nnumber: {MARK}pm 1\nseverity: SEV1\n---\n",
        front("number: PM-1") + "-- content/2024-02-02-b.md --\n---\nnumber: PM-11\nseverity: SEV1\n---\n",
    ),
    (
        "W305",
        AGAIN.format("root_cause: time") + front(f"title: Jobs ran twice\nservices: [cron]\nroot_cause: {MARK}time"),
        AGAIN.format("root_cause: time") + front("title: Jobs ran twice\nservices: [cron]\nroot_cause: design"),
    ),
    (
        "W305",
        AGAIN.format(f"root_cause: time\nrelated: {MARK}[2024-01-10-web]").replace("2023-12", "2024-02")
        + front("title: Jobs ran twice\nservices: [cron]\nroot_cause: time").replace("-01-10", "-01-11")
        + front("severity: SEV1"),
        AGAIN.format("root_cause: time\nrelated: [2024-01-10-web]").replace("2023-12", "2024-02")
        + front("title: Jobs ran twice\nservices: [cron]\nroot_cause: time"),
    ),
    ("W401", f"-- {DOCUMENT} --\n{MARK}---\n{FINAL.partition(chr(10))[2]}\n---\n{BODY}", final("number: 1")),
    ("W402", f"-- content/web.md --\n{MARK}{BODY}", front("date: 2024-01-10", path="content/web.md")),
    ("W403", without("severity"), final("number: 1")),
    ("W404", without("root_cause"), front(FINAL.replace("capacity", "unknown"))),
    ("W405", without("summary"), front(FINAL.replace("final", "review").replace("summary: Slow.", "number: 1"))),
    (
        "W406",
        front(f"started: 2024-01-10 10:00\nresolved: {MARK}2024-01-10 09:59"),
        front("started: 2024-01-10 10:00\nresolved: 2024-01-10 10:00"),
    ),
    (
        "W406",
        front(f"started: 2024-01-10T10:00:00Z\nend_time: {MARK}2024-01-10T11:30:00+02:00"),
        front("started: 2024-01-10T10:00:00Z\nend_time: 2024-01-10T12:30:00+02:00"),
    ),
    (
        "W407",
        front(f"started: 2024-01-10 10:00\nresolved: {MARK}2024-02-10 10:00"),
        front("started: 2024-01-10 10:00\nresolved: 2024-02-09 10:00"),
    ),
    (
        "W408",
        front(f"severity: SEV1\ndate: {MARK}2026-11-03", path="content/web.md"),
        front("severity: SEV1\ndate: 2026-11-02", path="content/web.md"),
    ),
    (
        "W408",
        front(f"date: {MARK}2026-11-03\nseverity: SEV1", path="content/web.md"),
        front("date: 2026-11-03\nkind: maintenance", path="content/web.md"),
    ),
    ("W409", front(f"date: {MARK}2024-01-11\nseverity: SEV1"), front("date: 2024-01-10\nseverity: SEV1")),
    ("W409", front(f"started: {MARK}2024-01-11 00:10"), front("date: 2024-01-10\nstarted: 2024-01-11 00:10")),
    (
        "W409",
        front(f"date: {MARK}2024-01-10\nstarted: 2024-01-07 10:00"),
        front("date: 2024-01-10\nstarted: 2024-01-11 00:10"),
    ),
    (
        "W410",
        final(f"action_items:\n  - {MARK}{{title: a, due: 2030-01-01, status: open}}"),
        final("action_items:\n  - {title: a, status: done}"),
    ),
    (
        "W411",
        final(f"action_items:\n  - {{title: b, status: done}}\n  - {MARK}{{title: a, owner: b}}"),
        front("status: review\naction_items: [{title: a, owner: b}]"),
    ),
    (
        "W412",
        front(f"action_items:\n  - {MARK}title: a\n    due: 2026-10-31\n    status: open"),
        front("action_items:\n  - title: a\n    due: 2026-11-01\n    status: open"),
    ),
    ("W413", front(f"factors: {MARK}[Operator error]"), front("factors: [error budget, user interface]")),
    (
        "W414",
        causes("capacity", "capacity", "capacity", "network", "time").replace(" cap", f" {MARK}cap", 1),
        causes("capacity", "capacity", "capacity", "network", "time", "design"),
    ),
    ("W414", causes(*["time"] * 5).replace(" time", f" {MARK}time", 1), causes(*["time"] * 4)),
    (
        "W415",
        front(f"status: {MARK}draft", path="content/2026-10-17-web.md"),
        front("status: draft", path="content/2026-10-18-web.md"),
    ),
    ("W415", front(f"{MARK}draft: true").replace(f"{MARK}draft: ", f"draft: {MARK}"), front("draft: false")),
    (
        "W416",
        f"-- {DOCUMENT} --\n# Web down\n\n**Duration:** {MARK}1 h 45 min (10:00 - 11:30 UTC)\n",
        f"-- {DOCUMENT} --\n# Web down\n\n**Duration:** 90 min (10:00 - 11:30 UTC)\n",
    ),
    (
        "W416",
        f"-- {DOCUMENT} --\n---\nstarted: 2024-01-10 10:00Z\nresolved: 2024-01-10 12:00Z\n---\n# Web down\n\n**Duration:** {MARK}about an hour\n",
        f"-- {DOCUMENT} --\n---\nstarted: 2024-01-10 10:00Z\nresolved: 2024-01-10 12:00Z\n---\n# Web down\n\n**Duration:** about two hours\n",
    ),
    (
        "W417",
        "-- content/2024-07-10-web.md --\n# Web down\n\n"
        f"**Start time:** {MARK}July 10, 2024, 10:00 PST\n\n**End time:** July 10, 2024, 11:00 PST\n",
        "-- content/2024-07-10-web.md --\n# Web down\n\n"
        "**Start time:** July 10, 2024, 10:00 PDT\n\n**End time:** July 10, 2024, 11:00 PDT\n",
    ),
    (
        "N418",
        f"-- {DOCUMENT} --\n# Web down\n\n**Duration:** {MARK}1 h 35 min (10:00 - 11:30 UTC)\n",
        f"-- {DOCUMENT} --\n# Web down\n\n**Duration:** 1 h 30 min (10:00 - 11:30 UTC)\n",
    ),
    ("E501", f"-- pmsite.yaml --\ntitle: a\npage_size: {MARK}4\n{prose('a')}", f"-- pmsite.yaml --\npage_size: 5\n{prose('a')}"),
    (
        "W503",
        "-- pmsite.yaml --\ntickets: t.csv\n" + prose("a") + f"-- t.csv --\nkey,status\n{MARK}OPS-1,Waiting\n",
        "-- pmsite.yaml --\ntickets: t.csv\n" + prose("a") + "-- t.csv --\nkey,status\nOPS-1,To Do\n",
    ),
    ("W502", f"-- pmsite.yaml --\n{MARK}titel: a\n{prose('a')}", f"-- pmsite.yaml --\ntitle: a\n{prose('a')}"),
]  # fmt: skip


def marked(text: str) -> tuple[str, str]:
    """The text without its mark, and the `path:line:column` that it stood at."""
    before, mark, after = text.partition(MARK)
    assert mark and MARK not in after
    path, _, content = before[before.rfind("\n-- ") + 4 if "\n-- " in before else 3 :].partition(" --\n")
    return before + after, f"{path}:{content.count(chr(10)) + 1}:{len(content) - content.rfind(chr(10))}"


def found(folder: Path, **given: object) -> tuple[Diagnostic, ...]:
    """The problems of a check, or those that ended it."""
    try:
        return check_site(folder, **given).diagnostics
    except PmsiteError as error:
        return error.diagnostics


def places(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    return [f"{problem.code} {problem.path}:{problem.line}:{problem.column}" for problem in diagnostics]


@pytest.mark.parametrize(("code", "breaks"), [case[:2] for case in CASES])
def test_a_rule_finds_its_problem_once_at_its_place_and_nothing_else(
    tmp_path: Path, code: str, breaks: str
) -> None:
    text, place = marked(breaks)
    assert places(found(write_files(tmp_path, text))) == [f"{code} {place}"]


@pytest.mark.parametrize(("code", "keeps"), [(case[0], case[2]) for case in CASES])
def test_what_only_looks_alike_is_no_problem(tmp_path: Path, code: str, keeps: str) -> None:
    assert places(found(write_files(tmp_path, keeps))) == []


# These are not found in documents, need more than files of text, or are about public sites; their tests stand below, in
# test_theme.py, test_location.py, test_deny.py, test_credentials.py and test_audience.py.
ELSEWHERE = {
    *("W306", "E107", "E112", "E601", "E602", "E701", "E702", "W703"),
    *("E205", "E801", "W802", "W803"),
}


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} | ELSEWHERE == set(RULES)
    assert not {case[0] for case in CASES} & ELSEWHERE


def test_a_document_beyond_the_limits_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = "|" + "a|" * 700
    table = f"{wide}\n{'|' + '-|' * 700}\n" + f"{wide}\n" * 700
    write_files(tmp_path, front("severity: SEV1", table))
    monkeypatch.setattr(collect, "LIMITS", Limits(seconds=0.2, memory=300 * 1024 * 1024))
    report = check_site(tmp_path)
    assert places(report.diagnostics) == [f"E107 {DOCUMENT}:1:1"]
    assert "0.2 s" in report.diagnostics[0].message
    assert not report.ok


@pytest.mark.parametrize("name", ["2024-02-02-out.md", "folder"])
def test_a_link_out_of_the_content_folder_is_named_and_not_followed(tmp_path: Path, name: str) -> None:
    outside = write_files(tmp_path / "outside", "-- secret.md --\nsecret\n-- in/secret.md --\nsecret\n")
    site = write_files(tmp_path / "site", prose("a"))
    (site / "content" / name).symlink_to(outside / "in" if name == "folder" else outside / "secret.md")
    report = check_site(site)
    assert places(report.diagnostics) == [f"E112 content/{name}:1:1"]
    assert report.documents == 1


def test_a_linked_picture_from_outside_is_missing_where_it_is_shown(tmp_path: Path) -> None:
    site = write_files(tmp_path / "site", prose("![a](a.svg)"))
    (site / "content/a.svg").symlink_to(write_files(tmp_path / "outside", "-- a.svg --\n<svg/>") / "a.svg")
    assert places(build_site(site).diagnostics) == [f"W203 {DOCUMENT}:3:6"]
    assert not (site / "site/files").exists()


def test_a_link_to_a_file_inside_the_content_folder_is_fine(tmp_path: Path) -> None:
    write_files(tmp_path, prose("![a](b.svg)") + "-- content/a.svg --\n<svg/>")
    (tmp_path / "content/b.svg").symlink_to(tmp_path / "content/a.svg")
    assert problems(check_site(tmp_path)) == []


def test_a_foreign_file_in_the_way_is_named_and_stays(tmp_path: Path) -> None:
    write_files(tmp_path, prose("a") + "-- site/index.html --\nmine\n-- site/other.html --\nmine\n")
    with pytest.raises(PmsiteError) as caught:
        build_site(tmp_path)
    assert places(caught.value.diagnostics) == ["E701 site/index.html:1:1"]
    assert tree(tmp_path / "site") == {"index.html": b"mine\n", "other.html": b"mine\n"}


def test_a_second_build_says_that_another_is_running(tmp_path: Path) -> None:
    write_files(tmp_path, prose("a"))
    assert build_site(tmp_path).changes is not None
    with locked(tmp_path / "site", tmp_path / ".pmsite"), pytest.raises(PmsiteError) as caught:
        build_site(tmp_path)
    assert [problem.code for problem in caught.value.diagnostics] == ["E702"]
    assert "another build" in str(caught.value)
    assert build_site(tmp_path).changes is not None


# One breaking site per rule that a site may set; E501 stands before rules are known.
SETTABLE = {code: breaks for code, breaks, _ in reversed(CASES) if code != "E501"}


def with_rule(text: str, key: str, severity: str) -> str:
    """The site with a rule set at the end of its pmsite.yaml."""
    rule = f"rules:\n  {key}: {severity}\n"
    if not text.startswith("-- pmsite.yaml --\n"):
        return f"-- pmsite.yaml --\n{rule}{text}"
    head, mark, tail = text[1:].partition("\n-- ")
    return f"-{head}\n{rule}-- {tail}" if mark else text + rule


@pytest.mark.parametrize("code", [code for code in SETTABLE if code.startswith("W")])
def test_a_warning_may_be_set_by_code_or_by_name(tmp_path: Path, code: str) -> None:
    text = marked(SETTABLE[code])[0]
    for key, severity in ((code, "off"), (RULES[code].name, "error")):
        report = check_site(write_files(tmp_path / severity, with_rule(text, key, severity)))
        expected = [] if severity == "off" else [(code, severity)]
        assert [(problem.code, problem.severity.value) for problem in report.diagnostics] == expected
        assert report.ok is (severity != "error")


@pytest.mark.parametrize("code", [code for code in RULES if code.startswith("E")])
def test_an_error_stays_an_error(tmp_path: Path, code: str) -> None:
    """A misspelt visibility, for one, must never be published because somebody wanted a quiet build."""
    for key, severity in ((code, "off"), (RULES[code].name, "warning")):
        (problem,) = found(write_files(tmp_path / severity, with_rule(prose("a"), key, severity)))
        assert (problem.code, problem.path) == (
            "E501",
            "pmsite.yaml",
        ) and "always an error" in problem.message
    assert problems(check_site(write_files(tmp_path / "error", with_rule(prose("a"), code, "error")))) == []


def test_a_note_is_printed_on_request_and_never_blocks(tmp_path: Path) -> None:
    write_files(tmp_path, marked(SETTABLE["N418"])[0])
    assert build_site(tmp_path, strict=True).ok
    quiet, verbose = (pmsite("check", *options, cwd=tmp_path) for options in ((), ("-v",)))
    assert "N418" not in quiet.stdout + quiet.stderr
    assert "note[N418 small-difference] says 1 h 35 min" in verbose.stdout + verbose.stderr
    assert "0 warnings" in verbose.stderr


@pytest.mark.parametrize("code", [code for code in SETTABLE if code.startswith("W")])
def test_strict_makes_every_warning_an_error(tmp_path: Path, code: str) -> None:
    write_files(tmp_path, marked(SETTABLE[code])[0])
    report = build_site(tmp_path, strict=True)
    assert [problem.severity.value for problem in report.diagnostics] == ["error"]
    assert not report.ok and report.changes is None and not (tmp_path / "site").exists()


def test_strict_leaves_rules_alone_that_are_off(tmp_path: Path) -> None:
    write_files(tmp_path, with_rule(marked(SETTABLE["W110"])[0], "W110", "off"))
    report = build_site(tmp_path, strict=True)
    assert report.ok and report.changes is not None


@pytest.mark.parametrize(
    ("key", "words"),
    [("W99", 'no rule is called "W99"'), ("action-overdu", "(did you mean action-overdue?)")],
)
def test_an_unknown_rule_is_an_error_at_its_own_line(tmp_path: Path, key: str, words: str) -> None:
    write_files(tmp_path, with_rule(prose("a"), f"W104: off\n  {key}", "off"))
    (problem,) = found(tmp_path)
    assert problem.code == "E501" and words in problem.message
    assert (problem.path, problem.line) == ("pmsite.yaml", 3)


@pytest.mark.parametrize(
    ("site", "words"),
    [
        (front("severity: SEV33"), "known are SEV1, SEV2, SEV3, SEV4 (did you mean SEV3?)"),
        (front("root_cause: configuraton"), "(did you mean Configuration?)"),
        (front("sevrity: SEV1"), '"sevrity" is not known (did you mean severity?)'),
        (front("severity: SEV1\nzzz: 1"), '"zzz" is not known'),
        (prose("[a](2024-01-10-wbe.md)"), "(did you mean 2024-01-10-web.md?)"),
        (prose("[a](#what-hapened)"), "(did you mean #what-happened?)"),
        (OTHER + front("related: [2024-02-02-dsn]"), "(did you mean 2024-02-02-dns?)"),
        (f"-- pmsite.yaml --\ntitel: a\n{prose('a')}", '"titel" is not known (did you mean title?)'),
        (f"-- pmsite.yaml --\nservices: {{web: {{ower: a}}}}\n{prose('a')}", "(did you mean owner?)"),
        (f"-- pmsite.yaml --\ntheme: papper\n{prose('a')}", "(did you mean paper?)"),
    ],
)
def test_a_message_names_what_was_probably_meant(tmp_path: Path, site: str, words: str) -> None:
    (problem,) = found(write_files(tmp_path, site))
    assert words in problem.message


def test_a_word_far_from_all_known_ones_gets_no_suggestion(tmp_path: Path) -> None:
    write_files(
        tmp_path, front("severity: SEV1\nroot_cause: gremlins\nquux: 1", "[a](xyzzy.md) [b](#plugh)\n")
    )
    assert len(texts := problems(check_site(tmp_path))) == 4
    assert "did you mean" not in "".join(texts)


def test_one_problem_per_word_and_per_key_with_its_count(tmp_path: Path) -> None:
    for number in (3, 1, 2):
        write_files(tmp_path, front("severity: Big\nowner: me", path=f"content/2024-01-0{number}-a.md"))
    first, second = problems(check_site(tmp_path))
    assert first.startswith("content/2024-01-01-a.md:2:11: W104 ") and "(3 x)" in first
    assert second.startswith("content/2024-01-01-a.md:3:1: W105 ") and "(3 documents)" in second


def test_all_problems_of_all_files_are_listed_in_one_run_and_nothing_is_written(tmp_path: Path) -> None:
    sites = [marked(SETTABLE[code])[0] for code in ("E101", "E102", "E103", "E106", "W201", "W203")]
    for number, text in enumerate(sites, 1):
        write_files(tmp_path, text.replace("2024-01-10", f"2024-01-{number:02d}"))
    write_files(
        tmp_path,
        front("started: 2024-02-30\nresolved: noon\nimpact: {users: all}", path="content/2024-01-09-b.md"),
    )
    expected = [
        *(f"content/2024-01-0{number}-web.md {code}" for number, code in enumerate(("E101", "E102", "E103", "E106"), 1)),
        *["content/2024-01-09-b.md E103"] * 3,
        *(f"content/2024-01-0{number}-web.md {code}" for number, code in enumerate(("W201", "W203"), 5)),
    ]  # fmt: skip
    for run in (check_site, build_site):
        report = run(tmp_path)
        assert [f"{problem.path} {problem.code}" for problem in report.diagnostics] == expected
        assert not report.ok
    assert not (tmp_path / "site").exists()


def test_errors_leave_the_published_site_as_it_was(tmp_path: Path) -> None:
    write_files(tmp_path, prose("a"))
    build_site(tmp_path)
    before = tree(tmp_path / "site")
    write_files(tmp_path, front("published: never") + OTHER)
    assert build_site(tmp_path).changes is None
    assert tree(tmp_path / "site") == before


def _check(folder: Path) -> None:
    assert check_site(folder).ok


def _check_broken(folder: Path) -> None:
    write_files(folder, front("published: never", path="content/2024-03-03-b.md"))
    assert not check_site(folder).ok


@pytest.mark.parametrize("run", [_check, _check_broken])
@pytest.mark.parametrize("is_built", [True, False])
def test_check_writes_nothing_but_its_cache(
    tmp_path: Path, run: Callable[[Path], None], is_built: bool
) -> None:
    write_files(tmp_path, prose("a"))
    if is_built:
        build_site(tmp_path)
        write_files(tmp_path, prose("b"))
    before = tree(tmp_path)
    run(tmp_path)
    changed = {path for path, content in tree(tmp_path).items() if before.get(path) != content}
    assert {path for path in changed if not path.startswith((".pmsite/", "content/2024-03-03"))} == set()
    assert before.keys() - tree(tmp_path).keys() <= {path for path in before if path.startswith(".pmsite/")}


def test_the_cache_of_a_check_is_not_offered_to_git(tmp_path: Path) -> None:
    write_files(tmp_path, prose("a"))
    check_site(tmp_path)
    assert not (tmp_path / ".pmsite").exists() or (tmp_path / ".pmsite/.gitignore").read_text() == "*\n"


def test_check_and_build_find_the_same(tmp_path: Path) -> None:
    write_files(tmp_path, front("severity: SEV33\nquux: 1", "[a](b.md) ![c](d.png) [e](#f)\n") + OTHER)
    found_by_check = check_site(tmp_path).diagnostics
    assert len(found_by_check) == 5
    assert build_site(tmp_path).diagnostics == found_by_check
    assert codes(build_site(tmp_path)) == codes(check_site(tmp_path))  # with a warm cache too


@pytest.mark.parametrize("code", RULES)
def test_every_rule_has_a_page_that_names_it(code: str) -> None:
    page = (ROOT / "docs/rules" / f"{code}.md").read_text(encoding="utf-8")
    assert page.splitlines()[0] == f"# {code} {RULES[code].name}"
    assert re.search(rf"Default severity: \**{RULES[code].severity.value}\b", page)


def test_no_page_describes_a_rule_that_does_not_exist() -> None:
    pages = {path.stem for path in (ROOT / "docs/rules").glob("*.md")} - {"README"}
    assert pages <= set(RULES)
    index = (ROOT / "docs/rules/README.md").read_text(encoding="utf-8")
    assert [code for code, rule in RULES.items() if f"{code}.md" not in index or rule.name not in index] == []


def test_what_follows_a_wrong_milestone_is_compared_with_the_last_right_one(tmp_path: Path) -> None:
    """What is in doubt on the page is what the rule names."""
    times = "started: 2024-01-10 10:00\ndetected: 2024-01-10 09:00\nacknowledged: 2024-01-10 09:30\nresolved: 2024-01-10 11:00"
    report = check_site(write_files(tmp_path, front(times)))
    assert [problem.message for problem in report.diagnostics if problem.code == "W406"] == [
        "detected (2024-01-10T09:00:00) is before started (2024-01-10T10:00:00)",
        "acknowledged (2024-01-10T09:30:00) is before started (2024-01-10T10:00:00)",
    ]
