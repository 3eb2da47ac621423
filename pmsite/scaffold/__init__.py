"""What `pmsite init` and `pmsite new` write."""

from datetime import date, timedelta
from enum import Enum
from pathlib import Path

from pmsite.config import FILE_NAME
from pmsite.diagnostics import START, ConfigurationError, ContentError, diagnose
from pmsite.scaffold.settings import filled, quoted, settings_text
from pmsite.scaffold.survey import surveyed
from pmsite.scaffold.workflow import workflow
from pmsite.site.urls import slug

_HERE = Path(__file__).parent


class Template(Enum):
    """The built-in templates of `pmsite new`."""

    FULL = "full"
    GOOGLE = "google"
    MINIMAL = "minimal"


def init(folder: Path, today: date, workers: int = 1, *, github: bool = False) -> list[Path]:
    """Make a site that builds at once: configuration, introduction, and an example that explains itself.

    In a folder that has documents already, the configuration alone, as their text and front matter suggest it. With
    `github`, also the workflow that publishes it, and that alone where there is a site already. Gives the files
    written. Raises ContentError if they are there already.
    """
    files = dict([workflow(folder)]) if github else {}
    if not (github and (folder / FILE_NAME).exists()):
        files = {folder / name: text for name, text in _site_files(folder, today, workers).items()} | files
    return _write_new(files)


def _site_files(folder: Path, today: date, workers: int) -> dict[str, str]:
    if (folder / FILE_NAME).exists():
        raise ContentError(
            diagnose("E701", str(folder / FILE_NAME), START, "there is a site already", "run pmsite build")
        )
    found = surveyed(folder, workers)
    output = "site" if found is None or not (folder / "site").exists() else "pmsite-site"
    files = {FILE_NAME: settings_text(_title(folder), output, found)}
    if found is None:
        name = f"{today.isoformat()}-example-checkout-errors.md"
        values = {"date": today.isoformat(), "due": (today + timedelta(days=30)).isoformat()}
        files |= {
            "content/index.md": (_HERE / "index.md").read_text(encoding="utf-8"),
            f"content/{name}": filled((_HERE / "example.md").read_text(encoding="utf-8"), values),
        }
    if not (folder / ".gitignore").exists():
        files[".gitignore"] = f"/{output}/\n.pmsite/\n"
    return files


def _write_new(files: dict[Path, str]) -> list[Path]:
    """Write all files, or none if one of them is there already."""
    for path in files:
        in_the_way = path if path.exists() else next((up for up in path.parents if up.is_file()), None)
        if in_the_way is not None:
            hint = "move it away, or choose an empty folder"
            raise ContentError(diagnose("E701", str(in_the_way), START, "exists already", hint))
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _title(folder: Path) -> str:
    name = folder.resolve().name.replace("-", " ").replace("_", " ")
    return name[:1].upper() + name[1:] or "Postmortems"


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
        filled(text, {"title": quoted(" ".join(title.splitlines())), "date": day.isoformat()}),
        encoding="utf-8",
    )
    return path
