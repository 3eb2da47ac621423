"""Vocabularies: the words that documents classify incidents with, and the built-in ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, WithJsonSchema

from pmsite.site.urls import slug

DOCUMENTED = ConfigDict()
"""Of the types that people write; `pmsite.schemas` lets their attributes' docstrings be read, which takes time that
nobody else has to spend."""


def one_or_many(value: Any) -> Any:
    """A single text or mapping stands for a list of one."""
    return [value] if isinstance(value, (str, dict)) else value


_text_or_texts = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Texts = Annotated[tuple[str, ...], BeforeValidator(one_or_many), WithJsonSchema(_text_or_texts)]


def _web_address(value: Any) -> Any:
    if value and not (isinstance(value, str) and value.startswith(("https://", "http://", "mailto:"))):
        raise ValueError("not a web address; begin it with https://")
    return value


WebAddress = Annotated[str, BeforeValidator(_web_address)]


@dataclass(frozen=True, slots=True)
class LabelledUrl:
    __pydantic_config__ = DOCUMENTED

    label: str
    """What the link says."""
    url: WebAddress
    """Where it leads."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a vocabulary: a severity, a cause, a service, a team."""

    __pydantic_config__ = DOCUMENTED

    name: str
    """The word as documents write it and pages show it, unless `title` says otherwise."""
    title: str = ""
    """What pages show instead of the name."""
    description: str = ""
    """One or two sentences: a definition."""
    aliases: Texts = ()
    """Other words that mean this one."""
    owner: str = ""
    """Who answers for it."""
    links: tuple[LabelledUrl, ...] = ()
    """Dashboards, runbooks, repositories."""

    @property
    def slug(self) -> str:
        return slug(self.name, fallback="term")

    @property
    def label(self) -> str:
        return self.title or self.name


DEFAULT_SEVERITIES = (
    Word("SEV1", aliases=("P1", "S1", "critical", "major outage"), description="Critical: most users."),
    Word("SEV2", aliases=("P2", "S2", "high", "major"), description="Major: many users or a main function."),
    Word("SEV3", aliases=("P3", "S3", "medium", "moderate", "minor"), description="Minor: some users."),
    Word("SEV4", aliases=("P4", "S4", "low", "trivial"), description="Low: hardly anyone noticed."),
)
DEFAULT_CAUSES = tuple(
    Word(name, title, description, aliases)
    for name, title, description, aliases in (
        ("code-defect", "Code defect", "A fault in program code.", ("bug", "code-bug", "software-bug")),
        (
            "configuration",
            "Configuration",
            "A wrong or harmful configuration value.",
            ("config", "config-change", "misconfiguration", "configuration-change"),
        ),
        (
            "release-process",
            "Release process",
            "A change that was built, shipped or rolled out wrongly.",
            ("deployment", "deploy", "release", "rollout"),
        ),
        ("capacity", "Capacity", "Demand above what was provided.", ("load", "overload", "scaling")),
        (
            "dependency",
            "Dependency",
            "A component of our own that another one relies on failed.",
            ("internal-dependency",),
        ),
        (
            "third-party",
            "Third party",
            "A supplier's service failed.",
            ("vendor", "provider", "upstream", "external"),
        ),
        ("network", "Network", "Routing, DNS, links or firewalls.", ("dns", "bgp", "routing")),
        (
            "data-store",
            "Data store",
            "A database, queue, cache or file system failed.",
            ("database", "db", "storage", "data"),
        ),
        ("hardware", "Hardware", "Machines, disks, power or cooling.", ("power", "disk")),
        (
            "certificate-or-credential",
            "Certificate or credential",
            "Something expired or was revoked.",
            ("certificate", "tls", "expired-certificate", "credential"),
        ),
        ("security", "Security", "An attack or a vulnerability.", ("attack", "vulnerability", "ddos")),
        ("time", "Time", "Clocks, leap seconds, time zones, expiry by date.", ("clock", "leap-second")),
        ("automation", "Automation", "Automation did what it should not have.", ("automated-action",)),
        ("design", "Design", "The system worked as designed, and the design was wrong.", ("architecture",)),
        (
            "procedure",
            "Procedure",
            "A procedure was missing, wrong or unsafe to follow.",
            ("process", "human-process", "runbook"),
        ),
        ("unknown", "Unknown", "Investigated, and not established.", ("undetermined",)),
    )
)
DEFAULT_DETECTIONS = tuple(
    Word(name, title, aliases=aliases)
    for name, title, aliases in (
        ("alert", "Alert", ("monitoring", "alerting", "pager")),
        ("customer-report", "Customer report", ("customer", "user-report", "users")),
        ("staff-noticed", "Staff noticed", ("staff", "engineer", "employee", "internal")),
        ("vendor-notice", "Vendor notice", ("vendor", "provider")),
        ("automated-test", "Automated test", ("test", "synthetic", "ci")),
        ("unknown", "Unknown", ()),
    )
)
DEFAULT_IMPACT_TYPES = tuple(
    Word(name, title, aliases=aliases)
    for name, title, aliases in (
        ("availability", "Availability", ("outage", "downtime", "unavailability")),
        ("latency", "Latency", ("slow", "performance")),
        ("errors", "Errors", ("error", "degradation")),
        ("data-loss", "Data loss", ()),
        ("data-integrity", "Data integrity", ("corruption",)),
        ("security", "Security", ("breach",)),
        ("internal", "Internal", ("internal-only",)),
        ("cost", "Cost", ("financial", "money")),
    )
)


def merged(built_in: Iterable[Word], configured: Iterable[Word]) -> tuple[Word, ...]:
    """The configured words on top of the built-in ones, which keep their place and what is not said anew."""
    terms = {term.slug: term for term in built_in}
    for term in configured:
        known = terms.get(term.slug)
        if known is not None:
            term = Word(
                name=term.name,
                title=term.title or known.title,
                description=term.description or known.description,
                aliases=(*known.aliases, *term.aliases),
                owner=term.owner,
                links=term.links,
            )
        terms[term.slug] = term
    return tuple(terms.values())
