"""A change under review: the files that differ from a revision, and the addresses that would vanish with it."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pmsite.archive.archive import Archive
from pmsite.build import Report, check
from pmsite.config import Site, find_site
from pmsite.diagnostics import START, ConfigurationError, Diagnostic, Severity, configured, diagnose
from pmsite.load import Options, load_archive
from pmsite.site import urls
from pmsite.site.pages.plain import former_addresses
from pmsite.site.plan import address_of

VANISHED = "W306"


@dataclass(frozen=True, slots=True)
class Difference:
    """Documents and the configuration, by their paths from the site's root, against the revision `base`."""

    base: str
    new: tuple[str, ...]
    edited: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def paths(self) -> frozenset[str]:
        return frozenset((*self.new, *self.edited, *self.removed))


def check_change(site: Site, options: Options, revision: str) -> tuple[Report, Difference]:
    """Check the site, and keep of its warnings those of files that differ from a revision; errors all stay.

    The revision is compared where both histories meet, as GitHub compares a pull request. Raises ConfigurationError
    if there is no repository or no such revision.
    """
    difference = _difference(site, revision)
    before = _archive_at(site, options, difference) if difference.paths else None
    report = check(site, replace(options, strict=False))
    found = [
        problem
        for problem in report.diagnostics
        if problem.severity is Severity.ERROR or problem.path in difference.paths
    ]
    if before is not None and report.archive is not None:
        found += configured(_vanished(before, report.archive), site.config.rules, strict=False)
    return replace(report, diagnostics=configured(found, {}, strict=options.strict)), difference


def _difference(site: Site, revision: str) -> Difference:
    top = Path(_git(site.root, "rev-parse", "--show-toplevel").decode().removesuffix("\n"))
    commit = _git(site.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    tip = commit.decode().strip()
    try:
        base = _git(top, "merge-base", tip, "HEAD").decode().split()[0]
    except ConfigurationError:  # histories that never met, or not deep enough to know
        base = tip
    fields = _git(top, "diff", "--name-status", "--no-renames", "-z", base, "--").decode(
        "utf-8", "surrogateescape"
    )
    parts = fields.split("\0")
    found: dict[str, list[str]] = {"A": [], "D": [], "M": []}
    for status, path in zip(parts[::2], parts[1::2], strict=False):
        found["M" if status not in found else status].append(path)
    untracked = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    found["A"] += untracked.decode("utf-8", "surrogateescape").split("\0")[:-1]
    config = site.file.resolve() if site.file else None
    folders = [(site.root / folder.path).resolve() for folder in site.config.content]

    def ours(paths: list[str]) -> tuple[str, ...]:
        return tuple(
            Path(os.path.relpath(top / path, site.root)).as_posix()
            for path in sorted(paths)
            if top / path == config
            or (
                path.lower().endswith(".md")
                and any((top / path).is_relative_to(folder) for folder in folders)
            )
        )

    return Difference(base, ours(found["A"]), ours(found["M"]), ours(found["D"]))


def _archive_at(site: Site, options: Options, difference: Difference) -> Archive | None:
    """The archive as the base had it, as the same audience saw it; None if it could not be built there."""
    top = Path(_git(site.root, "rev-parse", "--show-toplevel").decode().removesuffix("\n"))
    inside = site.root.relative_to(top)
    with TemporaryDirectory(prefix="pmsite-") as folder:
        for path, content in _files_at(top, difference.base, site.file):
            location = Path(folder, path)
            location.parent.mkdir(parents=True, exist_ok=True)
            location.write_bytes(content)
        root = Path(folder).resolve() / inside
        try:
            config = root / site.file.name if site.file else None
            before = find_site(None, config if config and config.is_file() else None, root)
            before = replace(
                before, config=replace(before.config, audience=site.config.audience), home=site.home
            )
            return load_archive(before, options)[0]
        except (ConfigurationError, OSError):
            return None


def _files_at(top: Path, commit: str, config: Path | None) -> Iterator[tuple[str, bytes]]:
    """Documents and the configuration of a commit, by their paths from the repository's top."""
    listed = _git(top, "ls-tree", "-r", "-z", "--full-tree", commit).decode("utf-8", "surrogateescape")
    wanted = []
    for line in listed.split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        mode, _, name = facts.split(" ")
        is_ours = path.lower().endswith(".md") or (config is not None and path.endswith(config.name))
        if mode.startswith("100") and is_ours:
            wanted.append((path, name))
    content = _git(top, "cat-file", "--batch", given="".join(f"{name}\n" for _, name in wanted).encode())
    at = 0
    for path, _ in wanted:
        end = content.index(b"\n", at)
        size = int(content[at:end].rsplit(b" ", 1)[1])
        yield path, content[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _vanished(before: Archive, now: Archive) -> Iterator[Diagnostic]:
    """Addresses that the site had and would not have: links from elsewhere to them would be dead."""
    current = {address for address, _ in _addresses(now)}
    there = {document.path for document in now.documents.values()} | {page.path for page in now.pages}
    for address, source in _addresses(before):
        if address not in current:
            what = "is gone with its document" if source not in there else "is gone"
            name = address.rstrip("/").rpartition("/")[2]
            hint = f"write aliases: [{name}] in the document that takes its place"
            yield diagnose(VANISHED, source, START, f"the address {address} {what}", hint)


def _addresses(archive: Archive) -> Iterator[tuple[str, str]]:
    """Every address that a document has or had, with the document's path."""
    for incident in archive.incidents:
        yield urls.incident(incident.id), incident.source
    for address, incident in former_addresses(archive.incidents):
        yield address, incident.source
    for page in archive.pages:
        yield address_of(page), page.path


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What git prints. Raises ConfigurationError with what it says if it fails."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, input=given, capture_output=True, check=False)
    except OSError as error:
        said, code = f"git cannot be run: {error.strerror}", 1
    else:
        said, code = done.stderr.decode("utf-8", "replace").strip(), done.returncode
    if code:
        reason = said.removeprefix("fatal: ").partition("\n")[0] or "there is no such revision"
        hint = "name a commit, branch or tag that this clone has"
        raise ConfigurationError(diagnose("E501", "--changed-since", START, reason, hint))
    return done.stdout
