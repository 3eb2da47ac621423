"""`pmsite deploy`: a built site as the next commit of a branch that GitHub Pages serves."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pmsite.config import Site
from pmsite.diagnostics import START, ConfigurationError, ContentError, diagnose
from pmsite.site.write import MANIFEST


@dataclass(frozen=True, slots=True)
class Target:
    """Where a site goes: a branch of a remote, and the domain that Pages serve it at, if any."""

    remote: str
    branch: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """Paths in which the site differs from what the branch has."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def refuse_confidential(site: Site, internal_is_fine: bool) -> None:
    """Pages are public on most plans, even those of a private repository. Raises ConfigurationError."""
    if not (site.config.fits_pages or internal_is_fine):
        message = (
            f"this build is for the audience {site.config.audience.value}, and Pages are public on most plans"
        )
        hint = "use --audience public, or say --internal-is-fine if only the audience can read the Pages"
        at = site.position(("audience",))
        raise ConfigurationError(diagnose("E501", site.config_name, at, message, hint))


def deploy(site: Site, target: Target, message: str, *, dry_run: bool) -> Update:
    """Put the site's output folder on the branch and push it; with `dry_run`, only say what would change.

    The commit follows the remote's latest one, and holds the site, `.nojekyll`, and the domain's `CNAME`: the one that
    is given, else that of the output folder, else that of the branch. Without a difference nothing is committed.

    Raises ConfigurationError for a repository, remote or branch that cannot be used, ContentError if git refuses.
    """
    _checked(site.root, target)
    tip = _fetched(site.root, target)
    with _files(site) as folder:
        (folder / ".nojekyll").touch()
        domain = target.domain or ("" if (folder / "CNAME").exists() else _domain(site.root, tip))
        if domain:
            (folder / "CNAME").write_text(f"{domain}\n", encoding="utf-8")
        difference = _difference(site.root, folder, tip)
        if difference and not dry_run:
            _push(site.root, folder, target, message)
    return difference


def _checked(root: Path, target: Target) -> None:
    """Raises ConfigurationError if there is no such remote, or the branch is checked out or no name for one."""
    if _git(root, "rev-parse", "--git-dir") is None:
        raise _wrong("the site lies in no git repository", "run git init, and add a remote")
    if _git(root, "remote", "get-url", "--", target.remote) is None:
        raise _wrong(f'there is no remote "{target.remote}"', "git remote add names one")
    if _git(root, "check-ref-format", "--branch", target.branch) is None:
        raise _wrong(f'"{target.branch}" is no name for a branch', "gh-pages is the usual one")
    current = _git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
    if current is not None and current.strip() == target.branch.encode():
        raise _wrong(f"the branch {target.branch} is checked out here", "switch to the one with the sources")


def _fetched(root: Path, target: Target) -> str:
    """The commit that the remote's branch is at, fetched; empty if there is no such branch yet."""
    listed = _git(root, "ls-remote", "--heads", "--", target.remote, f"refs/heads/{target.branch}")
    if listed is None:
        raise ContentError(
            diagnose("E702", target.remote, START, "the remote cannot be reached", "see what git says")
        )
    if not listed:
        # What this clone remembers of a branch that is gone would become the new branch's past.
        _git(root, "update-ref", "-d", f"refs/remotes/{target.remote}/{target.branch}")
        return ""
    refspec = f"+refs/heads/{target.branch}:refs/remotes/{target.remote}/{target.branch}"
    if _git(root, "fetch", "--quiet", "--no-tags", target.remote, refspec) is None:
        raise ContentError(
            diagnose("E702", target.remote, START, "the branch cannot be fetched", "see what git says")
        )
    return listed.split()[0].decode()


@contextmanager
def _files(site: Site) -> Iterator[Path]:
    """A folder with the site's files, but for pmsite's own list of them; hard links where the file system has them."""
    with TemporaryDirectory(prefix="deploy-", dir=site.state) as name:
        folder = Path(name, "site")

        def link(source: str, place: str) -> None:
            try:
                os.link(source, place)
            except OSError:
                shutil.copy2(source, place)

        shutil.copytree(
            site.output, folder, copy_function=link, ignore=shutil.ignore_patterns(MANIFEST, ".git")
        )
        for special in (".nojekyll", "CNAME"):
            if (folder / special).exists():  # may be written to, and must not change the output folder
                content = (folder / special).read_bytes()
                (folder / special).unlink()
                (folder / special).write_bytes(content)
        yield folder


def _domain(root: Path, tip: str) -> str:
    """The domain that the branch names, be it that somebody set it in the repository's settings."""
    content = _git(root, "cat-file", "blob", f"{tip}:CNAME") if tip else None
    return content.decode("utf-8", "replace").strip() if content else ""


def _difference(root: Path, folder: Path, tip: str) -> Update:
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    given = "".join(f"{folder / path}\n" for path in paths).encode("utf-8", "surrogateescape")
    hashed = _git(root, "hash-object", "--no-filters", "--stdin-paths", given=given) or b""
    now = dict(zip(paths, hashed.decode().split(), strict=True))
    listed = _git(root, "ls-tree", "-r", "-z", "--full-tree", tip) if tip else b""
    before = {}
    for line in (listed or b"").decode("utf-8", "surrogateescape").split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        before[path] = facts.split(" ")[2]
    return Update(
        added=tuple(path for path in now if path not in before),
        changed=tuple(path for path in now if before.get(path, now[path]) != now[path]),
        removed=tuple(path for path in before if path not in now),
    )


def _push(root: Path, folder: Path, target: Target, message: str) -> None:
    from ghp_import import GhpError, ghp_import  # type: ignore[import-untyped]

    try:
        with chdir(root):
            ghp_import(
                str(folder),
                remote=target.remote,
                branch=target.branch,
                mesg=message,
                nojekyll=True,
                push=True,
            )
    except (GhpError, subprocess.CalledProcessError):
        hint = "somebody may have pushed meanwhile, or may not: see what git says, and run it again"
        text = f"{target.remote} did not take the branch {target.branch}"
        raise ContentError(diagnose("E702", target.remote, START, text, hint)) from None


def _git(root: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    """What git prints, or None if it fails; its own words go where ours go."""
    quiet = arguments[0] in ("rev-parse", "remote", "check-ref-format", "symbolic-ref", "cat-file")
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            check=False,
        )
    except OSError as error:
        raise _wrong(f"git cannot be run: {error.strerror}", "install git") from None
    return done.stdout if done.returncode == 0 else None


def _wrong(message: str, hint: str) -> ConfigurationError:
    return ConfigurationError(diagnose("E501", "deploy", START, message, hint))
