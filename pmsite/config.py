"""pmsite.yaml to Config: every key optional, every error with its line and column."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from os.path import relpath
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from pmsite.archive.incident import Visibility
from pmsite.diagnostics import (
    RULES,
    START,
    ConfigurationError,
    Diagnostic,
    Position,
    Severity,
    diagnose,
    did_you_mean,
)
from pmsite.patterns import denied
from pmsite.presets import PRESET, PRESETS
from pmsite.strict_yaml import KeyPath, StrictYamlError, YamlDocument, load
from pmsite.vocabulary import (
    DEFAULT_CAUSES,
    DEFAULT_DETECTIONS,
    DEFAULT_IMPACT_TYPES,
    DEFAULT_SEVERITIES,
    DOCUMENTED,
    Texts,
    WebAddress,
    Word,
    merged,
    one_or_many,
)

FILE_NAME = "pmsite.yaml"
MAX_BYTES = 1024 * 1024

DEFAULT_EXCLUDE = (
    "*TEMPLATE*",
    "CONTRIBUTING*",
    "CODE_OF_CONDUCT*",
    "CHANGELOG*",
    "LICENSE*",
    "SECURITY*",
    "node_modules/**",
)


def _terms(value: Any) -> Any:
    """Accept `[a, b]`, `{a: description}` and `{a: {title: ..., ...}}`; give a list of mappings."""
    if isinstance(value, dict):
        return [
            {"name": name, **(given if isinstance(given, dict) else {"description": given or ""})}
            for name, given in value.items()
        ]
    if isinstance(value, list):
        return [{"name": item} if isinstance(item, str) else item for item in value]
    return value


Terms = Annotated[tuple[Word, ...], BeforeValidator(_terms)]
InternalField = Literal[
    "action_items",
    "aliases",
    "authors",
    "detection",
    "factors",
    "impact.requests",
    "impact.users",
    "links",
    "number",
    "owners",
    "regions",
    "related",
    "resolution",
    "root_cause",
    "services",
    "source",
    "tags",
    "teams",
    "tickets",
    "timeline",
    "trigger",
]


@dataclass(frozen=True, slots=True)
class ContentFolder:
    __pydantic_config__ = DOCUMENTED

    path: str
    """A folder of postmortems, or one file, relative to pmsite.yaml."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """Front matter for documents below it that do not say otherwise."""
    prefix: Annotated[str, Field(pattern=r"^\w[\w-]*$")] = ""
    """A word that ids of its documents begin with, where several folders name their files alike."""


def _folders(value: Any) -> Any:
    return [{"path": item} if isinstance(item, str) else item for item in one_or_many(value) or ()]


@dataclass(frozen=True, slots=True)
class MarkdownConfig:
    __pydantic_config__ = DOCUMENTED

    flavor: Literal["github", "python"] = "github"
    """GitHub's dialect, or Python-Markdown for archives written for MkDocs."""
    extensions: tuple[str | dict[str, dict[str, Any]], ...] = ()
    """Python-Markdown's extensions (`flavor: python` only); an entry may be `name: {option: value}`."""
    remote_images: Literal["link", "keep"] = "link"
    """Show images from elsewhere as labelled links, or keep them as images."""


def _timezone(value: Any) -> Any:
    if value:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError, TypeError):
            raise ValueError('not a time zone; write a name such as "Europe/Copenhagen" or "UTC"') from None
    return value


def _denied(value: Any) -> Any:
    if isinstance(value, str):
        denied(value)  # raises ValueError
    return value


def _base_url(value: Any) -> Any:
    if value and not (isinstance(value, str) and value.startswith(("http://", "https://"))):
        raise ValueError("write a whole address, such as https://example.org/postmortems")
    return value.rstrip("/") if value else value


def _rule_code(key: Any) -> Any:
    """A rule may be set by its code (`W412`) or by its name (`action-overdue`); gives the code."""
    by_name = {rule.name: code for code, rule in RULES.items()}
    code = by_name.get(key, key)
    if code not in RULES:
        near = did_you_mean(str(key), [*RULES, *by_name])
        raise ValueError(f'no rule is called "{key}"' + (f" (did you mean {near}?)" if near else ""))
    return code


@dataclass(frozen=True, slots=True)
class Config:
    """A site's settings. Paths are relative to the folder of pmsite.yaml."""

    __pydantic_config__ = DOCUMENTED

    title: str = ""
    """The archive's name; else the folder's."""
    description: str = ""
    """One sentence about the archive."""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")] = "en"
    """The language of the documents, as in HTML's lang attribute."""
    base_url: Annotated[str, BeforeValidator(_base_url)] = ""
    """The site's address; needed by feeds, sitemap and canonical links only."""
    timezone: Annotated[str, BeforeValidator(_timezone)] = ""
    """The zone of times that state none, and the zone that pages print times in, such as Europe/Copenhagen."""
    content: Annotated[tuple[ContentFolder, ...], BeforeValidator(_folders)] = (ContentFolder("content"),)
    """The folder, or several folders, of postmortems."""
    output: Annotated[str, Field(min_length=1)] = "site"
    """The folder that the site is written to."""
    theme: Annotated[str, Field(min_length=1)] = "default"
    """A built-in theme (default, paper), a folder below themes/, or an installed one."""
    theme_options: dict[str, Any] = field(default_factory=dict)
    """Options that the theme declares in its theme.yaml."""
    audience: Visibility = Visibility.INTERNAL
    """Who the site is for; whatever is above that is left out."""
    pages_are_private: bool = False
    """Whether GitHub Pages of this repository asks readers to sign in; on most plans it does not, not even of a private one."""
    drafts: bool | None = None
    """Show drafts; unless said, internal sites do and public ones do not."""
    internal_fields: Annotated[tuple[InternalField, ...], BeforeValidator(one_or_many)] = ()
    """Fields that public sites leave out, such as authors, owners, links, tickets, source."""
    internal_tickets: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(one_or_many)
    ] = ()
    """Beginnings of ticket keys or addresses that public sites leave out, such as OPS-."""
    deny: Annotated[tuple[Annotated[str, BeforeValidator(_denied)], ...], BeforeValidator(one_or_many)] = ()
    """What no public site may hold: words, networks such as 10.0.0.0/8, and regular expressions between slashes."""
    exclude: Texts = DEFAULT_EXCLUDE
    """Globs of files in content that are ignored."""
    defaults: dict[str, Any] = field(default_factory=dict)
    """Front matter for documents that do not say otherwise."""
    fields: dict[str, str] = field(default_factory=dict)
    """Your words for front matter fields: `{beginn: started}`; `preset` names the program that documents were written for."""
    markdown: MarkdownConfig = MarkdownConfig()
    """How documents are rendered."""
    rules: dict[Annotated[str, BeforeValidator(_rule_code)], Severity] = field(default_factory=dict)
    """A rule's code or name, and error, warning, note or off."""
    tickets: str = ""
    """A CSV file of tickets, exported by a tracker: their state, owner and dates go before what documents say."""
    page_size: Annotated[int, Field(ge=5, le=1000)] = 50
    """Incidents on one page of a list."""
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = 1
    """The month that the fiscal year begins with; quarters follow it."""
    source_url: WebAddress = ""
    """Where a document's source is shown: an address with `{path}` in it."""
    edit_url: WebAddress = ""
    """Where a document can be edited: an address with `{path}` in it."""
    severities: Terms = DEFAULT_SEVERITIES
    """Severities, the worst first."""
    causes: Terms = ()
    """Root causes: add to the built-in ones, rename or describe them."""
    triggers: Terms = ()
    """What sets incidents off."""
    factors: Terms = ()
    """Contributing factors."""
    impact_types: Terms = ()
    """Kinds of impact: add to the built-in ones, rename or describe them."""
    detections: Terms = ()
    """Ways in which incidents are noticed: add to the built-in ones, rename or describe them."""
    services: Terms = ()
    """Services with owner, aliases, description and links."""
    teams: Terms = ()
    """Teams with description and links."""
    regions: Terms = ()
    """Regions, data centres, zones."""
    tags: Terms = ()
    """Tags with descriptions."""

    @property
    def fits_pages(self) -> bool:
        """Whether what is built may be put on GitHub Pages: nothing above a public build, unless Pages are private."""
        return self.audience is Visibility.PUBLIC or self.pages_are_private

    def vocabulary(self, taxonomy: str) -> tuple[Word, ...]:
        """The known words of a taxonomy, built-in ones first, in order."""
        return merged(_DEFAULTS.get(taxonomy, ()), getattr(self, _VOCABULARIES[taxonomy]))

    @property
    def looks_for_credentials(self) -> bool:
        return self.rules.get("W802") is not Severity.OFF

    def with_words(self, change: Callable[[Word], Word]) -> "Config":
        """The configuration with every word of every vocabulary changed."""
        words: dict[str, Any] = {
            key: tuple(map(change, getattr(self, key))) for key in _VOCABULARIES.values()
        }
        return replace(self, **words)


_VOCABULARIES = {
    "severity": "severities",
    "impact": "impact_types",
    "causes": "causes",
    "triggers": "triggers",
    "factors": "factors",
    "detection": "detections",
    "services": "services",
    "teams": "teams",
    "regions": "regions",
    "tags": "tags",
}
_VOCABULARY_KEYS = frozenset(_VOCABULARIES.values())
_DEFAULTS = {"causes": DEFAULT_CAUSES, "detection": DEFAULT_DETECTIONS, "impact": DEFAULT_IMPACT_TYPES}


def load_config(path: Path) -> tuple[Config, YamlDocument, tuple[Diagnostic, ...]]:
    """Read a configuration file; the diagnostics are its warnings.

    Raises ConfigurationError with every error in it.
    """
    name = path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = load(text, max_bytes=MAX_BYTES)
    except OSError as error:
        raise ConfigurationError(
            diagnose("E501", name, START, f"cannot be read: {error.strerror or error}")
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(diagnose("E501", name, START, "is not UTF-8", "save it as UTF-8")) from None
    except StrictYamlError as error:
        raise ConfigurationError(
            *(diagnose("E501", name, problem.at, problem.message, problem.hint) for problem in error.problems)
        ) from None
    value = document.value if document.value is not None else {}
    if not isinstance(value, dict):
        raise ConfigurationError(diagnose("E501", name, START, "must be `key: value` lines"))
    warnings = tuple(
        diagnose("W502", name, document.keys.get(key, START), *unknown_key(key[-1], known))
        for key, known in _unknown_keys(value, Config, ())
    )
    try:
        config = TypeAdapter(Config).validate_python(_without_nulls(value))
    except ValidationError as error:
        raise ConfigurationError(
            *(
                diagnose("E501", name, _place(problem["loc"], value, document), message(problem))
                for problem in error.errors()
            )
        ) from None
    given = value.get("rules")
    codes = {key: str(_rule_code(key)) for key in given} if isinstance(given, dict) else {}
    fixed = [
        diagnose("E501", name, document.position(("rules", key)), f"rules.{key}: {code} is always an error")
        for key, code in codes.items()
        if RULES[code].severity is Severity.ERROR and config.rules[code] is not Severity.ERROR
    ]
    preset = config.fields.get(PRESET)
    if preset is not None and preset not in PRESETS:
        near = did_you_mean(preset, PRESETS)
        problem = f'fields.{PRESET}: no preset is called "{preset}"' + (
            f" (did you mean {near}?)" if near else ""
        )
        hint = f"the presets are {', '.join(PRESETS)}"
        fixed.append(diagnose("E501", name, document.position(("fields", PRESET)), problem, hint))
    if fixed:
        raise ConfigurationError(*fixed)
    if preset is not None and "severities" not in value and PRESETS[preset].severities:
        config = replace(config, severities=PRESETS[preset].severities)
    return config, document, warnings


def unknown_key(key: str | int, known: Iterable[str]) -> tuple[str, str]:
    """The message and the hint for a key that nothing reads."""
    near = did_you_mean(str(key), known)
    return f'"{key}" is not known' + (f" (did you mean {near}?)" if near else ""), "correct or remove it"


def message(problem: Mapping[str, Any]) -> str:
    """A validation error of pydantic's in our words."""
    text = str(problem["msg"]).removeprefix("Value error, ")
    given = problem.get("input")
    key = ".".join(str(part) for part in problem["loc"] if not _is_machinery(part))
    text = text[:1].lower() + text[1:]
    if isinstance(given, str) and problem["type"] != "value_error":
        text = f'{text}; it is "{given[:80]}"'
    return f"{key}: {text}" if key else text


def _is_machinery(part: str | int) -> bool:
    """Whether a part of pydantic's `loc` names a branch of a union instead of a key."""
    return isinstance(part, str) and ("[" in part or part in {"str", "int", "float", "bool", "dict", "list"})


def _place(location: tuple[str | int, ...], value: Any, document: YamlDocument) -> Position:
    """Where pydantic's `loc` stands; an error about a key stands at the key."""
    path = _yaml_path(location, value)
    return document.keys.get(path, START) if location[-1:] == ("[key]",) else document.position(path)


def _yaml_path(location: tuple[str | int, ...], value: Any) -> KeyPath:
    """Where pydantic's `loc` stands in the YAML: vocabularies may be mappings there instead of lists."""
    path: list[str | int] = []
    for part in location:
        step = list(value)[part] if isinstance(value, dict) and isinstance(part, int) else part
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            continue
        path.append(step)
    return tuple(path)


def _without_nulls(value: Any) -> Any:
    """A key without a value says nothing; a word of a vocabulary without one is a word all the same."""
    if isinstance(value, dict):
        return {
            key: _words_without_nulls(item) if key in _VOCABULARY_KEYS else _without_nulls(item)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def _words_without_nulls(words: Any) -> Any:
    if isinstance(words, dict):
        return {name: {} if item is None else _without_nulls(item) for name, item in words.items()}
    return _without_nulls(words)


def _unknown_keys(value: Any, kind: Any, path: KeyPath) -> list[tuple[KeyPath, list[str]]]:
    """Keys that the dataclass `kind` does not have, at any depth, with the ones it has."""
    if not isinstance(value, dict) or not is_dataclass(kind):
        return []
    known = {item.name: item.type for item in fields(kind)}
    found: list[tuple[KeyPath, list[str]]] = []
    for key, item in value.items():
        if key not in known:
            found.append(((*path, key), list(known)))
        elif key in _VOCABULARY_KEYS:
            found += _unknown_term_keys(item, (*path, key))
        elif key == "content" and isinstance(item, list):
            for number, folder in enumerate(item):
                found += _unknown_keys(folder, ContentFolder, (*path, key, number))
        elif key == "markdown":
            found += _unknown_keys(item, MarkdownConfig, (*path, key))
    return found


def _unknown_term_keys(value: Any, path: KeyPath) -> list[tuple[KeyPath, list[str]]]:
    items = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    return [found for key, item in items for found in _unknown_keys(item, Word, (*path, key))]


@dataclass(frozen=True, slots=True)
class Site:
    """A site on disk.

    `root` is what source paths are relative to, `home` where the output and the cache go: the configuration file's
    folder, or for a bare folder of documents the current one. `document` is the configuration as read, with positions.
    """

    root: Path
    config: Config
    home: Path
    file: Path | None = None
    warnings: tuple[Diagnostic, ...] = ()
    document: YamlDocument | None = None

    @property
    def title(self) -> str:
        return self.config.title or self.root.name or "Postmortems"

    @property
    def config_name(self) -> str:
        return self.file.name if self.file else FILE_NAME

    @property
    def output(self) -> Path:
        return (self.home / self.config.output).resolve()

    @property
    def state(self) -> Path:
        """The folder of the cache; each audience has its own."""
        return self.home / ".pmsite" / self.config.audience.value

    def position(self, path: KeyPath) -> Position:
        """Where a part of the configuration stands."""
        return self.document.position(path) if self.document else START


def find_site(source: Path | None, config_file: Path | None, current: Path) -> Site:
    """The site that a command means.

    With `source`, a pmsite.yaml in it, or one in the current folder that it lies below; without any, the folder
    itself is the content and everything is at its default.

    Raises ConfigurationError.
    """
    if source is not None and not _exists(source):
        raise ConfigurationError(
            diagnose("E501", str(source), START, "does not exist", "name a folder or a Markdown file")
        )
    if config_file is None:
        config_file = _nearest_config(source, current)
    if config_file is None:
        return _bare_site(source or current, current.resolve())
    try:
        config, document, warnings = load_config(config_file)
    except ConfigurationError as error:
        shown = Path(relpath(config_file.resolve(), current.resolve())).as_posix()
        raise ConfigurationError(*(replace(problem, path=shown) for problem in error.diagnostics)) from None
    root = config_file.resolve().parent
    if source is not None and source.resolve() != root:
        config = _with_content(config, source.resolve(), root)
    return Site(root, config, root, config_file, warnings, document)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _nearest_config(source: Path | None, current: Path) -> Path | None:
    if source is not None and source.is_dir() and (source / FILE_NAME).is_file():
        return source / FILE_NAME
    candidate = current / FILE_NAME
    if candidate.is_file() and (source is None or source.resolve().is_relative_to(current.resolve())):
        return candidate
    return None


def _bare_site(source: Path, home: Path) -> Site:
    if source.is_file():
        return Site(source.resolve().parent, Config(content=(ContentFolder(source.name),)), home)
    folder = source.resolve()
    content = "content" if (folder / "content").is_dir() else "."
    return Site(folder, Config(content=(ContentFolder(content),)), home)


def _with_content(config: Config, source: Path, root: Path) -> Config:
    return replace(config, content=(ContentFolder(Path(relpath(source, root)).as_posix()),))


def with_overrides(site: Site, **given: Any) -> Site:
    """The site with what the command line says instead. Raises ConfigurationError for what cannot be.

    A site for another audience than the configured one has an output folder of its own: `site-public`.
    """
    overrides = {key: value for key, value in given.items() if value is not None}
    if not overrides:
        return site
    audience = overrides.get("audience", site.config.audience.value)
    if audience != site.config.audience.value and "output" not in overrides:
        overrides["output"] = f"{site.config.output}-{audience}"
    try:
        if "base_url" in overrides:
            overrides["base_url"] = _base_url(overrides["base_url"])
        if "audience" in overrides:
            overrides["audience"] = Visibility(overrides["audience"])
    except ValueError as error:
        raise ConfigurationError(diagnose("E501", "--base-url", START, str(error))) from None
    return replace(site, config=replace(site.config, **overrides))
