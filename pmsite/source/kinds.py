"""The kind of detection, trigger or status that a few words speak of."""

import re

from pmsite.archive.incident import Status
from pmsite.source.fields import word
from pmsite.source.synonyms import STATUS_SYNONYMS

_DETECTIONS = (
    ("alert", re.compile(r"\b(?:monitoring|alert\w*|alarm\w*|pager\w*|pagerduty|pingdom|datadog|grafana|prometheus|nagios|uptime ?robot|cloudwatch|dashboards?)\b", re.IGNORECASE)),
    ("customer-report", re.compile(r"\b(?:customers?|users?|clients?|students?)\b.{0,40}\b(?:report\w*|complain\w*|ticket\w*|contact\w*|notic\w*)|\b(?:report\w*|complaints?|tickets?)\b.{0,30}\b(?:customers?|users?|clients?)\b|customer service|support tickets?", re.IGNORECASE)),
    ("staff-noticed", re.compile(r"\b(?:engineers?|developers?|team(?: members?)?|we|staff|employee|colleague|on-call|sre|admin\w*)\b(?! (?:was|were) (?:alert|notif|paged)).{0,40}\b(?:notic\w*|discover\w*|observ\w*|realis\w*|realiz\w*|spotted|saw|found)", re.IGNORECASE)),
    ("automated-test", re.compile(r"\b(?:integration|automated|smoke|end-to-end|e2e|synthetic) tests?\b.{0,30}\bfail\w*", re.IGNORECASE)),
)  # fmt: skip
# A supplier's notice of its own incident, which names no way of noticing it here.
_ANNOUNCED = re.compile(r"\bannounce\w*\b.{0,60}\balert\b", re.IGNORECASE)
_TRIGGERS = (
    ("deployment", r"deploy\w*|release\w*|roll-?out"),
    ("configuration-change", r"config\w* (?:change|update)|changed? (?:the )?config\w*"),
    ("traffic-surge", r"surge|traffic spike|spike in traffic|campaign"),
    ("maintenance", r"maintenance|upgrade"),
    ("expiry", r"expir\w+"),
    ("power-loss", r"power (?:failure|outage|loss)"),
)


def status(text: str) -> Status | None:
    """Prose never makes a draft."""
    bare = word(re.sub(r"[^\w -]", "", text))
    found = STATUS_SYNONYMS.get(bare) or next((one for one in Status if one.value == bare), None)
    return found if found in (Status.FINAL, Status.REVIEW) and bare != "done" else None


def detection(text: str) -> str:
    if _ANNOUNCED.search(text[:300]) is not None:
        return ""
    found = [
        (match.start(), name)
        for name, words in _DETECTIONS
        if (match := words.search(text[:300])) is not None
    ]
    return min(found)[1] if found else ""


def trigger(text: str) -> str:
    found = [name for name, words in _TRIGGERS if re.search(words, text[:200], re.IGNORECASE)]
    return found[0] if len(found) == 1 else ""
