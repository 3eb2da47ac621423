"""Credentials in texts: found by their form, and covered before anything else sees the text.

Only forms that hardly anything else has: each service's own prefix and length, as the service documents them. What is
plainly an example is left.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pmsite.diagnostics import Diagnostic, diagnose
from pmsite.patterns import Matcher
from pmsite.source.redact import position

COVER = "\N{BULLET}"
_NOT_NEWLINE = re.compile(r"[^\n]")
_KEY_LINES = r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"


@dataclass(frozen=True, slots=True)
class Credential:
    """What it looks like, and where the secret part of it stands in the text."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Form:
    """A kind of credential: what is in every text that holds one, and the form, its secret part in a group."""

    kind: str
    markers: tuple[str, ...]
    pattern: re.Pattern[str]


def _form(kind: str, markers: str, pattern: str) -> _Form:
    return _Form(kind, tuple(markers.split()), re.compile(pattern))


_FORMS = (
    _form("an AWS access key", "AKIA ASIA", r"(?<![A-Za-z0-9])((?:AKIA|ASIA)[A-Z2-7]{16})(?![A-Za-z0-9])"),
    _form(
        "an AWS secret key",
        "aws_secret_access_key AWS_SECRET_ACCESS_KEY SecretAccessKey",
        r"(?i:aws_secret_access_key|SecretAccessKey)[\"']?[ \t]{0,9}[=:][ \t]{0,9}[\"']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
    ),
    _form("a GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"(?<![A-Za-z0-9])(gh[pousr]_[A-Za-z0-9]{36,255})"),
    _form("a GitHub token", "github_pat_", r"(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})"),
    _form("a GitLab token", "glpat- glptt- gldt- glrt- glcbt-", r"(gl(?:pat|ptt|dt|rt|cbt)-[\w.-]{20,300})"),
    _form("a Slack token", "xoxb- xoxp- xoxa- xoxr- xoxs- xapp-", r"((?:xox[baprs]|xapp)-\d[\w-]{20,250})"),
    _form("a Slack webhook", "hooks.slack.com", r"hooks\.slack\.com/(?:services|workflows|triggers)/([\w/]{30,200})"),
    _form("a Stripe key", "sk_live_ rk_live_ whsec_", r"((?:[sr]k_live_[A-Za-z0-9]{24,250})|whsec_[A-Za-z0-9+/=]{32,250})"),
    _form("a Google API key", "AIza", r"(?<![A-Za-z0-9_-])(AIza[\w-]{35})(?![\w-])"),
    _form("a Google OAuth secret", "GOCSPX- ya29.", r"(GOCSPX-[\w-]{28}|ya29\.[\w-]{60,500})"),
    _form("an npm token", "npm_", r"(?<![A-Za-z0-9_])(npm_[A-Za-z0-9]{36})(?![A-Za-z0-9])"),
    _form("a PyPI token", "pypi-AgE", r"(pypi-AgE[\w-]{50,1000})"),
    _form("a SendGrid key", "SG.", r"(?<![\w.])(SG\.[\w-]{22}\.[\w-]{43})(?![\w-])"),
    _form("an OpenAI or Anthropic key", "sk-ant- sk-proj- T3BlbkFJ", r"(?<!\w)(sk-(?:ant-|proj-)?[\w-]{20,250}(?:T3BlbkFJ[\w-]{20,250}|AA)(?![\w-]))"),
    _form("an Azure storage key", "AccountKey=", r"AccountKey=([A-Za-z0-9+/]{86}==)"),
    _form("a Vault, DigitalOcean or Docker token", "hvs. dop_v1_ dckr_pat_", r"(hvs\.[\w-]{24,300}|dop_v1_[a-f0-9]{64}|dckr_pat_[\w-]{27})"),
    _form("a JSON Web Token", "eyJ", r"(?<![\w-])(eyJ[\w-]{10,4000}\.eyJ[\w-]{10,8000}\.[\w-]{20,2000})"),
    _form("a private key", "PRIVATE", rf"{_KEY_LINES}((?:\s{{1,4}}[\w-]{{3,20}}: [^\n]{{1,100}}){{0,4}}[A-Za-z0-9+/=\s\\>]{{40,20000}})"),
    # RFC 3986, section 3.2.1
    _form("an address with a password", "://", r"://[^\s/?#@:\"'<>\[\]{}()$]{1,100}:([^\s/?#@:\"'<>\[\]{}()$*\u2022]{3,200})@[\w\[]"),
)  # fmt: skip
# Words that stand in examples: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
_EXAMPLE = re.compile(
    r"example|x{4}|0{8}|1234567|abcdef|placeholder|redacted|removed|\.\.\.|^(?:my|your)?[-_]?(?:secret|pass|passwd|password|pwd)\d{0,3}$",
    re.IGNORECASE,
)
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]{30}")
_FEW_CHARACTERS = 3


@cache
def _markers() -> Matcher:
    """One look at a text tells whether any form has to be tried: documents without credentials cost next to nothing."""
    words = [re.escape(marker) for form in _FORMS for marker in form.markers if marker != "://"]
    return Matcher([*words, r"://[^\s/@]*@"])


def credentials(text: str) -> Iterator[Credential]:
    """What looks like credentials, kind by kind."""
    if not _markers().matches(text):
        return
    for form in _FORMS:
        if any(marker in text for marker in form.markers):
            for found in form.pattern.finditer(text):
                if not _is_example(form.kind, found[1]):
                    yield Credential(form.kind, *found.span(1))


def _is_example(kind: str, secret: str) -> bool:
    if kind == "a private key":
        return _KEY_BODY.search(secret) is None
    return _EXAMPLE.search(secret) is not None or len(set(secret)) < _FEW_CHARACTERS


def covered(text: str) -> str:
    """The text with bullets in place of what looks like credentials; every line and column stays where it is."""
    return _covered(text, list(credentials(text)))


def _covered(text: str, found: list[Credential]) -> str:
    for credential in found:
        secret = _NOT_NEWLINE.sub(COVER, text[credential.start : credential.end])
        text = text[: credential.start] + secret + text[credential.end :]
    return text


def without_credentials(text: str, path: str) -> tuple[str, tuple[Diagnostic, ...]]:
    """A file's text with its credentials covered, and a problem for each, which does not say what the secret is."""
    found = list(credentials(text))
    hint = "revoke it, and write a placeholder; pages show bullets instead"
    return _covered(text, found), tuple(
        diagnose("W802", path, position(text, item.start, 1), f"this looks like {item.kind}", hint)
        for item in found
    )
