"""Credentials are found by their form, and nobody is told what they are: no page, no message, no cache.

The ones below are made up, and put together here so that no scanner of repositories takes them for real.
"""

import base64
import json
import random
import string
from pathlib import Path

import pytest

from pmsite.source.credentials import COVER, covered, credentials

from .sites import build_site, check_site, codes, pmsite, tree, write_files

_random = random.Random(4)


def some(length: int, letters: str = string.ascii_letters + string.digits) -> str:
    return "".join(_random.choices(letters, k=length))


UPPER = string.ascii_uppercase + "234567"
HEX = string.digits + "abcdef"
KEY_BODY = "\n".join(some(64) for _ in range(6))


def _token(payload: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")


# By kind: the text around, with the secret in it.
SECRETS = {
    "an AWS access key": [("{}", "AK" + "IA" + some(16, UPPER)), ("id={},", "AS" + "IA" + some(16, UPPER))],
    "an AWS secret key": [("aws_secret_access_key = {}", some(40)), ('"SecretAccessKey": "{}"', some(40))],
    "a GitHub token": [("{}", f"gh{kind}" + "_" + some(36)) for kind in "pousr"] + [("{}", "github" + "_pat_" + some(22) + "_" + some(59))],
    "a GitLab token": [("{}", "gl" + "pat-" + some(20))],
    "a Slack token": [("{}", "xo" + "xb-" + some(12, string.digits) + "-" + some(24))],
    "a Slack webhook": [("https://hooks.slack.com/services/{}", f"T{some(9, UPPER)}/B{some(9, UPPER)}/{some(24)}")],
    "a Stripe key": [("{}", "sk" + "_live_" + some(24)), ("{}", "rk" + "_live_" + some(30))],
    "a Google API key": [("key={}&x", "AI" + "za" + some(35))],
    "a Google OAuth secret": [("{}", "GOC" + "SPX-" + some(28))],
    "an npm token": [("//registry/:_authToken={}", "np" + "m_" + some(36))],
    "a PyPI token": [("{}", "py" + "pi-AgEIcHlwaS5vcmc" + some(70))],
    "a SendGrid key": [("{}", "SG" + "." + some(22) + "." + some(43))],
    "an OpenAI or Anthropic key": [("{}", "sk-" + "ant-api03-" + some(93) + "AA"), ("{}", "sk-" + "proj-" + some(40) + "T3Blbk" + "FJ" + some(40))],
    "an Azure storage key": [("AccountName=x;AccountKey={};", some(86) + "==")],
    "a Vault, DigitalOcean or Docker token": [("{}", "hv" + "s." + some(28)), ("{}", "dop" + "_v1_" + some(64, HEX)), ("{}", "dckr" + "_pat_" + some(27))],
    "a JSON Web Token": [("Bearer {}", f"{_token({'alg': 'HS256'})}.{_token({'sub': 'someone', 'n': 'x'})}.{some(43)}")],
    "a private key": [("-----BEGIN RSA " + "PRIVATE KEY-----{}-----END", f"\n{KEY_BODY}\n"),
                      ("> -----BEGIN " + "PRIVATE KEY-----{}-----END", f"\n> {KEY_BODY[:64]}\n> {KEY_BODY[65:129]}\n> ")],
    "an address with a password": [("postgres://app:{}@db.int/shop", "hunter2X9"), ("see https://jo:{}@x.example.", "p;q-7%40")],
}  # fmt: skip
CASES = [(kind, around, secret) for kind, found in SECRETS.items() for around, secret in found]


@pytest.mark.parametrize(("kind", "around", "secret"), CASES, ids=[kind for kind, *_ in CASES])
def test_each_kind(kind: str, around: str, secret: str) -> None:
    text = f"Before.\n{around.format(secret)}\nAfter it."
    assert [(item.kind, text[item.start : item.end].strip(" >\n")) for item in credentials(text)] == [
        (kind, secret.strip(" >\n"))
    ]
    hidden = covered(text)
    assert secret not in hidden and COVER in hidden
    assert [len(line) for line in hidden.split("\n")] == [len(line) for line in text.split("\n")]
    assert list(credentials(hidden)) == []


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_" + "x" * 36,
        "ghp_short",
        "a task-force, a risk-based sk-ant hill",
        "sk_live_ keys begin so",
        "https://user:password@example.com/x",
        "https://user:$PASSWORD@host, https://user:<password>@host, https://user:{password}@host",
        "https://example.org:8080/a@b",
        "http://host/path?x=a:b@c",
        "mail jo@example.org: https://example.org",
        "-----BEGIN PRIVATE KEY----- stands above every such file, and that is how they are found in the repository",
        "-----BEGIN CERTIFICATE-----\n" + KEY_BODY,
        "eyJhbGciOi...",
        "sha256:" + "0123456789abcdef" * 4,
        "commit " + "a1b2c3d4e5" * 4,
        "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    ],
)
def test_what_is_none(text: str) -> None:
    assert list(credentials(text)) == []


TOKEN = "gh" + "p_" + some(36)
LINES = f"""
-- pmsite.yaml --
source_url: https://jo:{"hunter" + "2"}@git.example/{{path}}
-- content/a.md --
---
title: The token {TOKEN}
severity: {TOKEN}
visibility: public
nonsense: {TOKEN}
---

It was {TOKEN}, and [a log](job.log).
-- content/b.md --
---
severity: SEV1
---
<!-- internal {TOKEN} -->
-- content/job.log --
line one
token {TOKEN}
"""


def _everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_the_internal_site_warns_and_shows_bullets(tmp_path: Path) -> None:
    write_files(tmp_path, LINES.replace(f"<!-- internal {TOKEN} -->", TOKEN))
    report = build_site(tmp_path)
    assert report.ok
    found = [
        (item.path, item.line, item.severity.value) for item in report.diagnostics if item.code == "W802"
    ]
    assert found == [("content/a.md", line, "warning") for line in (2, 3, 5, 8, 8)] + [
        ("content/b.md", 4, "warning"),
        ("pmsite.yaml", 1, "warning"),
    ]
    assert "job.log holds what looks like a GitHub token in line 2" in " ".join(
        item.message for item in report.diagnostics
    )
    assert not any("job.log" in path for path in tree(tmp_path / "site"))
    assert TOKEN.encode() not in _everything(tmp_path / "site") + _everything(tmp_path / ".pmsite")
    assert COVER.encode() in tree(tmp_path / "site")["incidents/a/index.html"]


def test_the_public_site_stops_for_what_it_would_publish(tmp_path: Path) -> None:
    write_files(tmp_path, LINES.replace(f"<!-- internal {TOKEN} -->", TOKEN))
    report = check_site(tmp_path, audience="public")
    found = {(item.path, item.severity.value) for item in report.diagnostics if item.code == "W802"}
    assert found == {("content/a.md", "error"), ("content/b.md", "warning"), ("pmsite.yaml", "error")}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("templates/base.html", '{% extends "!parent/base.html" %}\n{# ' + TOKEN + " #}\n"),
        ("static/extra.js", f"\nconst token = '{TOKEN}';\n"),
        ("tickets.csv", f"ticket,state,owner\nOPS-1,open,{TOKEN}\n"),
    ],
    ids=["template", "static file", "tickets"],
)
def test_what_stands_beside_documents_is_looked_at(tmp_path: Path, path: str, text: str) -> None:
    write_files(tmp_path, "-- pmsite.yaml --\ntickets: tickets.csv\n-- tickets.csv --\nticket,state\n")
    write_files(tmp_path, f"-- content/a.md --\n---\ntitle: A\nseverity: SEV1\n---\n-- {path} --\n{text}")
    for audience, severity in (("internal", "warning"), ("public", "error")):
        (problem,) = [
            item for item in check_site(tmp_path, audience=audience).diagnostics if item.code == "W802"
        ]
        assert (problem.path, problem.line, problem.severity.value) == (path, 2, severity)


@pytest.mark.parametrize("kind", ["full", "concise", "json", "github"])
def test_no_message_says_what_it_is(tmp_path: Path, kind: str) -> None:
    """Other rules quote values and show lines: a word that is new, a mark that is none, a field that is unknown."""
    write_files(tmp_path, LINES)
    for command in ("check", "build"):
        done = pmsite(command, "-v", "--strict", "--output-format", kind, "--color", "never", cwd=tmp_path)
        said = done.stdout + done.stderr
        assert done.returncode == 1 and "W802" in said and "E106" in said and "W104" in said
        assert TOKEN[8:20] not in said and "hunter" not in said


def test_the_rule_can_be_turned_off(tmp_path: Path) -> None:
    write_files(tmp_path, LINES.replace(f"<!-- internal {TOKEN} -->", "Text."))
    with (tmp_path / "pmsite.yaml").open("a") as file:
        file.write("rules: {credential: off}\n")
    report = build_site(tmp_path, audience="public")
    assert report.ok and "W802" not in codes(report)
    assert TOKEN.encode() in tree(tmp_path / "site-public")["files/content/job.log"]
