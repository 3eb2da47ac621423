"""Themes: folders of templates and static files that build on one another, with typed options.

Lookup goes from the site's own `templates/` to the theme, its parent, and so on up to the built-in default. What is
shadowed stays reachable: `!default/incident.html` is a named theme's template, `!parent/incident.html` the next one
in the lookup.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pmsite.config import Site
from pmsite.diagnostics import START, ConfigurationError, ContentError, Diagnostic, diagnose, did_you_mean
from pmsite.strict_yaml import StrictYamlError, YamlDocument, load

API = 1
ENTRY_POINTS = "pmsite.themes"
_BUILT_IN = ("default", "paper")
_COLOR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?\Z")
_CSS_NAME = re.compile(r"--[a-z][a-z0-9-]*\Z")


@dataclass(frozen=True, slots=True)
class Option:
    """An option that a theme declares. `css` names the custom property that carries it into style sheets."""

    name: str
    type: str
    default: str
    description: str = ""
    choices: tuple[str, ...] = ()
    css: str = ""

    def convert(self, text: str) -> Any:
        """The typed value; raises ValueError with what is accepted."""
        if self.type == "boolean":
            if text.lower() not in ("true", "false", "yes", "no", "on", "off"):
                raise ValueError("write true or false")
            return text.lower() in ("true", "yes", "on")
        if self.type == "number":
            if not re.fullmatch(r"-?\d+(\.\d+)?", text):
                raise ValueError("write a number")
            return float(text) if "." in text else int(text)
        if self.type == "color" and text and not _COLOR.match(text):
            raise ValueError("write a colour such as #0b5f6b")
        if self.type == "choice" and text not in self.choices:
            raise ValueError(f"write one of {', '.join(self.choices)}")
        return text


@dataclass(frozen=True, slots=True)
class Layer:
    """One step of the lookup: a theme's folder, or the site's own."""

    name: str
    templates: Path
    static: Path


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme ready for use: its layers, the site's own first, and the values of its options."""

    name: str
    layers: tuple[Layer, ...]
    options: Mapping[str, Any]
    declared: tuple[Option, ...] = ()

    def find(self, template: str, start: int = 0) -> tuple[int, Path] | None:
        """The first layer from `start` on that has a template, and its file."""
        for number, layer in enumerate(self.layers[start:], start):
            path = layer.templates / template
            if path.is_file() and _is_inside(path, layer.templates):
                return number, path
        return None

    def static_files(self) -> dict[str, Path]:
        """Static files by their path below `assets/`; a layer's file hides those below it."""
        files: dict[str, Path] = {}
        for layer in reversed(self.layers):
            for path in _files_below(layer.static):
                files[path.relative_to(layer.static).as_posix()] = path
        return files

    def own_files(self) -> Iterator[Path]:
        """The files that pmsite did not bring: of the site's own layer and of themes from elsewhere."""
        for layer in self.layers:
            if not layer.templates.is_relative_to(built_in_themes()):
                yield from _files_below(layer.templates)
                yield from _files_below(layer.static)

    def options_css(self) -> str:
        """The options that style sheets use, as custom properties."""
        lines = [
            f"  {option.css}: {self.options[option.name]};\n"
            for option in self.declared
            if option.css and self.options[option.name] not in ("", None)
        ]
        return ":root {\n" + "".join(lines) + "}\n" if lines else ""

    def digest(self) -> str:
        """Stands for every template's content and the options."""
        digest = blake2b(digest_size=16)
        for layer in self.layers:
            for path in _files_below(layer.templates):
                digest.update(f"{layer.name}/{path.relative_to(layer.templates).as_posix()}\0".encode())
                digest.update(path.read_bytes())
        digest.update(repr(sorted(self.options.items())).encode())
        return digest.hexdigest()


def _files_below(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, in order; links that lead out of it are passed over."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(".") and _is_inside(path, folder):
            yield path


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def built_in_themes() -> Path:
    """The folder of the built-in themes: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def available_themes(site: Site) -> dict[str, Path]:
    """All themes by name: built in, installed as packages, and the site's own, which win."""
    found = {name: built_in_themes() / name for name in _BUILT_IN}
    for entry in entry_points(group=ENTRY_POINTS):
        module = entry.load()
        locations = getattr(module, "__path__", None)
        if locations:
            found[entry.name] = Path(next(iter(locations)))
    own = site.root / "themes"
    if site.file is not None and own.is_dir():
        for folder in sorted(own.iterdir()):
            if (folder / "theme.yaml").is_file():
                found[folder.name] = folder
    return found


def load_theme(site: Site) -> Theme:
    """The site's theme with its parents. Raises ConfigurationError or ContentError."""
    themes = available_themes(site)
    layers = []
    if site.file is not None:
        layers.append(Layer("site", site.root / "templates", site.root / "static"))
    declared: dict[str, Option] = {}
    name = site.config.theme
    seen: list[str] = []
    while name:
        if name not in themes:
            raise _unknown_theme(site, name, seen, themes)
        if name in seen:
            place = _shown(site, themes[seen[-1]] / "theme.yaml")
            raise ContentError(
                diagnose("E602", place, START, f"extends itself through {name}", "extend another theme")
            )
        seen.append(name)
        folder = themes[name]
        parent, options = _theme_yaml(site, folder)
        declared = {**{option.name: option for option in options}, **declared}
        layers.append(Layer(name, folder / "templates", folder / "static"))
        name = parent or ("default" if name != "default" else "")
    return Theme(seen[0], tuple(layers), _option_values(site, declared), tuple(declared.values()))


def _unknown_theme(site: Site, name: str, seen: list[str], themes: Mapping[str, Path]) -> Exception:
    near = did_you_mean(name, themes)
    message = f'the theme "{name}" does not exist' + (f" (did you mean {near}?)" if near else "")
    hint = f"available are {', '.join(themes)}"
    if seen:
        return ContentError(
            diagnose("E602", _shown(site, themes[seen[-1]] / "theme.yaml"), START, message, hint)
        )
    return ConfigurationError(diagnose("E501", site.config_name, site.position(("theme",)), message, hint))


def _shown(site: Site, path: Path) -> str:
    """A path as diagnostics print it: below the site's root where it is, else with the theme's folder."""
    if path.is_relative_to(site.root):
        return path.relative_to(site.root).as_posix()
    return (
        "/".join(("themes", *path.parts[path.parts.index("themes") + 1 :]))
        if "themes" in path.parts
        else path.name
    )


def shown_template(site: Site, path: Path) -> str:
    return _shown(site, path)


def _theme_yaml(site: Site, folder: Path) -> tuple[str, list[Option]]:
    """A theme's parent and options."""
    shown = _shown(site, folder / "theme.yaml")
    try:
        document = load((folder / "theme.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(diagnose("E602", shown, START, f"cannot be read: {error}")) from None
    except StrictYamlError as error:
        raise ContentError(
            *(
                diagnose("E602", shown, problem.at, problem.message, problem.hint)
                for problem in error.problems
            )
        ) from None
    value = document.value
    if not isinstance(value, dict):
        raise ContentError(diagnose("E602", shown, START, "must be `key: value` lines", "begin with name:"))
    if value.get("api") != str(API):
        at = document.position(("api",))
        raise ContentError(
            diagnose("E602", shown, at, f"is not for this version: api must be {API}", f"write api: {API}")
        )
    problems: list[Diagnostic] = []
    options = value.get("options") or {}
    parent = value.get("extends")
    if not isinstance(options, dict):
        at = document.position(("options",))
        problems.append(diagnose("E602", shown, at, "options must be a mapping", "write `name: {type: ...}`"))
    if parent is not None and not isinstance(parent, str):
        at = document.position(("extends",))
        problems.append(diagnose("E602", shown, at, "extends must be the name of a theme", "write one name"))
    found = [
        option
        for key, given in (options.items() if isinstance(options, dict) else ())
        if (option := _option(key, given, document, shown, problems)) is not None
    ]
    if problems:
        raise ContentError(*problems)
    return parent if isinstance(parent, str) else "", found


def _option(
    key: str, given: Any, document: YamlDocument, shown: str, problems: list[Diagnostic]
) -> Option | None:
    at = document.position(("options", key))
    if not isinstance(given, dict):
        problems.append(
            diagnose("E602", shown, at, f"option {key} must be a mapping", "write type and default")
        )
        return None
    kind = given.get("type") or "text"
    if kind not in ("text", "boolean", "number", "color", "choice"):
        hint = "types are text, boolean, number, color, choice"
        problems.append(diagnose("E602", shown, at, f'option {key} has the unknown type "{kind}"', hint))
        return None
    option = Option(
        name=key,
        type=str(kind),
        default=str(given.get("default") or ""),
        description=str(given.get("description") or ""),
        choices=tuple(str(choice) for choice in given.get("choices") or ()),
        css=str(given.get("css") or ""),
    )
    if option.css and (not _CSS_NAME.match(option.css) or option.type not in ("color", "number", "choice")):
        hint = "only colours, numbers and choices may be custom properties such as --accent"
        problems.append(diagnose("E602", shown, at, f"option {key} cannot be written as {option.css}", hint))
    try:
        option.convert(
            option.default or ("false" if kind == "boolean" else "0" if kind == "number" else option.default)
        )
    except ValueError as error:
        problems.append(diagnose("E602", shown, at, f"option {key}: the default is wrong", str(error)))
    return option


def _option_values(site: Site, declared: Mapping[str, Option]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    problems = []
    for option in declared.values():
        default = option.default or {"boolean": "false", "number": "0"}.get(option.type, "")
        values[option.name] = option.convert(default)
    for key, given in site.config.theme_options.items():
        at = site.position(("theme_options", key))
        if key not in declared:
            near = did_you_mean(key, declared)
            message = f'the theme has no option "{key}"' + (f" (did you mean {near}?)" if near else "")
            hint = f"its options are {', '.join(declared) or 'none'}"
            problems.append(diagnose("E501", site.config_name, at, message, hint))
            continue
        try:
            if isinstance(given, dict | list):
                raise ValueError("write one value, not a list or a mapping")
            values[key] = declared[key].convert(str(given))
        except ValueError as error:
            problems.append(diagnose("E501", site.config_name, at, f"theme_options.{key}: {error}"))
    if problems:
        raise ConfigurationError(*problems)
    return values


def copy_template(site: Site, theme: Theme, name: str) -> Path:
    """Copy the theme's template into the site's templates/. Raises ContentError if it is there or does not exist."""
    if site.file is None:
        hint = "make one with pmsite init"
        raise ConfigurationError(diagnose("E501", site.config_name, START, "there is no site here", hint))
    found = theme.find(name, 1)
    if found is None:
        names = sorted(
            {
                path.relative_to(layer.templates).as_posix()
                for layer in theme.layers
                for path in _files_below(layer.templates)
            }
        )
        near = did_you_mean(name, names)
        message = f'the theme has no template "{name}"' + (f" (did you mean {near}?)" if near else "")
        raise ContentError(
            diagnose("E602", f"templates/{name}", START, message, f"it has {', '.join(names)}")
        )
    target = site.root / "templates" / name
    if target.exists():
        raise ContentError(diagnose("E701", f"templates/{name}", START, "exists already", "change that one"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(found[1].read_bytes())
    return target
