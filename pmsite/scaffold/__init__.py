"""What `pmsite init` and `pmsite new` write."""

import json
import re
from datetime import date, timedelta
from enum import Enum
from pathlib import Path

from pmsite.config import FILE_NAME
from pmsite.diagnostics import START, ConfigurationError, ContentError, diagnose
from pmsite.site.urls import slug

_HERE = Path(__file__).parent
_GITIGNORE = "/site/\n.pmsite/\n"


class Template(Enum):
    """The built-in templates of `pmsite new`."""

    FULL = "full"
    GOOGLE = "google"
    MINIMAL = "minimal"


def init(folder: Path, today: date) -> list[Path]:
    """Make a site that builds at once: configuration, introduction, and an example that explains itself.

    In a folder that has Markdown files already, the configuration alone. Gives the files written.
    Raises ContentError if there is a site already.
    """
    if (folder / FILE_NAME).exists():
        raise ContentError(
            diagnose("E701", str(folder / FILE_NAME), START, "there is a site already", "run pmsite build")
        )
    content = _existing_content(folder)
    files = {FILE_NAME: _filled("pmsite.yaml", title=_title(folder), content=content or "content")}
    if content is None:
        name = f"{today.isoformat()}-example-checkout-errors.md"
        values = {"date": today.isoformat(), "due": (today + timedelta(days=30)).isoformat()}
        files |= {
            "content/index.md": _filled("index.md"),
            f"content/{name}": _filled("example.md", **values),
        }
    if not (folder / ".gitignore").exists():
        files[".gitignore"] = _GITIGNORE
    for path in (folder / name for name in files):
        in_the_way = path if path.exists() else next((up for up in path.parents if up.is_file()), None)
        if in_the_way is not None:
            hint = "choose an empty folder"
            raise ContentError(diagnose("E701", str(in_the_way), START, "exists already", hint))
    written = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _existing_content(folder: Path) -> str | None:
    """Where the folder's Markdown files are, if it has any besides a README of its own."""
    if (folder / "content").is_dir() and next((folder / "content").rglob("*.md"), None) is not None:
        return "content"
    for path in folder.glob("**/*.md"):
        inside = path.relative_to(folder)
        if str(inside) != "README.md" and not any(
            part.startswith((".", "_")) or part == "node_modules" for part in inside.parts
        ):
            return "."
    return None


def _title(folder: Path) -> str:
    name = folder.resolve().name.replace("-", " ").replace("_", " ")
    return _quoted(name[:1].upper() + name[1:] or "Postmortems")


def _quoted(text: str) -> str:
    """Text as a YAML scalar, which JSON's strings are."""
    return json.dumps(text, ensure_ascii=False)


def new_postmortem(folder: Path, title: str, day: date, template: Template | Path) -> Path:
    """Write a new postmortem below a content folder. Raises ContentError if its file exists already.

    A template of the site's own may hold `{title}` and `{date}`.
    """
    path = folder / f"{day.isoformat()}-{slug(title, fallback='incident')}.md"
    if path.exists():
        raise ContentError(diagnose("E701", str(path), START, "exists already", "choose another title"))
    if isinstance(template, Template):
        text = (_HERE / f"{template.value}.md").read_text(encoding="utf-8")
    else:
        try:
            text = template.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            message = f"the template cannot be read: {error}"
            raise ConfigurationError(diagnose("E501", str(template), START, message)) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _fill(text, {"title": _quoted(" ".join(title.splitlines())), "date": day.isoformat()}),
        encoding="utf-8",
    )
    return path


def _filled(name: str, **values: str) -> str:
    return _fill((_HERE / name).read_text(encoding="utf-8"), values)


def _fill(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)
