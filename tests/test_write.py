"""Publishing: the whole old site or the whole new one, whatever happens in between."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from pmsite.archive.incident import Visibility
from pmsite.cache import Store
from pmsite.diagnostics import ContentError
from pmsite.site import write
from pmsite.site.write import MANIFEST, NewSite, PublishedSite, locked

from .sites import ARCHIVE, ROOT, build_site, tree, write_files


def publish(folder: Path, files: dict[str, str]) -> write.Changes:
    store = Store(None)
    try:
        published = PublishedSite(folder, store, Visibility.INTERNAL)
        with NewSite(published, set(files)) as new:
            for path, text in files.items():
                new.write(path, text.encode())
            return new.publish()[0]
    finally:
        store.close()


def test_files_are_written_kept_and_removed(tmp_path: Path) -> None:
    site = tmp_path / "site"
    assert publish(site, {"a.html": "1", "b/c.html": "2"}) == write.Changes(2, 0, 0)
    assert publish(site, {"a.html": "1", "b/c.html": "3"}) == write.Changes(1, 1, 0)
    assert publish(site, {"a.html": "1"}) == write.Changes(0, 1, 1)
    assert tree(site) == {"a.html": b"1"}
    assert not (site / "b").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_file_that_was_changed_by_hand_is_put_right(tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(site, {"a.html": "1"})
    (site / "a.html").write_text("changed")
    publish(site, {"a.html": "1"})
    assert tree(site) == {"a.html": b"1"}


@pytest.mark.parametrize(
    "manifest", ["", "{", "[]", '{"format": 2}', '{"format": 1, "files": {"a.html": "zz"}}']
)
def test_without_a_readable_manifest_nothing_is_taken_for_ours(tmp_path: Path, manifest: str) -> None:
    site = tmp_path / "site"
    publish(site, {"a.html": "1"})
    (site / MANIFEST).write_text(manifest)
    with pytest.raises(ContentError):
        publish(site, {"a.html": "2"})
    assert (site / "a.html").read_text() == "1"


def test_a_folder_that_cannot_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems without an exchange: two renames; mount points: file by file."""
    site = tmp_path / "site"
    publish(site, {"a.html": "1", "b/c.html": "2"})
    (site / "mine").write_text("mine")
    monkeypatch.setattr(write, "_exchange", lambda *_: False)
    publish(site, {"a.html": "3"})
    assert tree(site) == {"a.html": b"3", "mine": b"mine"}
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self == site:
            raise OSError(16, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    publish(site, {"a.html": "4", "d/e.html": "5"})
    assert tree(site) == {"a.html": b"4", "d/e.html": b"5", "mine": b"mine"}
    publish(site, {"a.html": "4"})
    assert tree(site) == {"a.html": b"4", "mine": b"mine"}


def test_a_site_that_was_put_aside_comes_back(tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(site, {"a.html": "1"})
    site.rename(tmp_path / ".site.pmsite-old")
    (tmp_path / ".site.pmsite-new").mkdir()
    publish(site, {"a.html": "1"})
    assert tree(site) == {"a.html": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("call", ["link", "write_bytes", "mkdir"])
def test_any_failing_call_leaves_the_old_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Fail the first, second, ... call until publishing succeeds; before that the old site is whole."""
    site = tmp_path / "site"
    old = {f"page{number}/index.html": "old" for number in range(4)}
    new = {**old, "page0/index.html": "new", "page9/index.html": "new"}
    for fail_at in range(1, 100):
        publish(site, old)
        left = [fail_at]
        target, name = (os, "link") if call == "link" else (Path, call)
        real = getattr(target, name)

        def broken(*args: object, left: list[int] = left, real: object = real, **kwargs: object) -> object:
            left[0] -= 1
            if left[0] == 0:
                raise OSError(28, "No space left on device")
            return real(*args, **kwargs)  # type: ignore[operator]

        monkeypatch.setattr(target, name, broken)
        try:
            publish(site, new)
        except ContentError as error:
            monkeypatch.setattr(target, name, real)
            assert error.diagnostics[0].code == "E702"
            assert "No space left" in error.diagnostics[0].message
            assert tree(site) == {path: text.encode() for path, text in old.items()}
            continue
        finally:
            monkeypatch.setattr(target, name, real)
        assert tree(site) == {path: text.encode() for path, text in new.items()}
        assert fail_at > 1
        return
    pytest.fail("publishing never succeeded")


def started(code: str, folder: Path) -> "subprocess.Popen[bytes]":
    """A process that runs some code with a folder as its argument."""
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_a_second_build_is_told_who_is_at_it(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from pmsite.site.write import locked\n"
        "with locked(Path(sys.argv[1]) / 'site', Path(sys.argv[1])):\n    print('locked', flush=True); time.sleep(60)"
    )
    other = started(code, tmp_path / "state")
    try:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(ContentError) as error, locked(tmp_path / "state/site", tmp_path / "state"):
            pass
        assert str(other.pid) in error.value.diagnostics[0].message
    finally:
        other.kill()
        other.wait()
        if other.stdout:
            other.stdout.close()
    with locked(tmp_path / "state/site", tmp_path / "state"):
        pass


def test_workers_that_outlive_a_killed_build_do_not_keep_others_out(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path; from pmsite.site.write import locked\n"
        "with locked(Path(sys.argv[1]) / 'site', Path(sys.argv[1])):\n"
        "    os.write(1, b'%d\\n' % os.fork())\n    time.sleep(60)"
    )
    build = started(code, tmp_path / "state")
    assert build.stdout is not None
    worker = max(int(build.stdout.readline()), int(build.stdout.readline()))  # the worker itself says 0
    try:
        build.kill()
        build.wait()
        with locked(tmp_path / "state/site", tmp_path / "state"):
            os.kill(worker, 0)
    finally:
        os.kill(worker, signal.SIGKILL)
        build.stdout.close()


def test_killed_at_any_instant(tmp_path: Path) -> None:
    """kill -9 during a build: the published folder is the old or the new site; the next build needs no help."""
    folder = write_files(tmp_path / "site", ARCHIVE)
    build_site(folder, search=True)
    trees = {}
    for version in ("A change went out.", "Another change went out."):
        document = folder / "content/2024-01-10-first.md"
        text = document.read_text(encoding="utf-8")
        document.write_text(text.replace("A change went out.", version), encoding="utf-8")
        build_site(folder, search=True)
        trees[version] = tree(folder / "site")
        document.write_text(text, encoding="utf-8")
    versions = list(trees)
    chance = random.Random(7)
    for attempt in range(12):
        wanted = versions[attempt % 2]
        source = text.replace("A change went out.", wanted)
        document.write_text(source, encoding="utf-8")
        (folder / "pmsite.yaml").touch()
        process = subprocess.Popen(
            [sys.executable, "-m", "pmsite", "build", "-q", "--now", "2026-11-01"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
        time.sleep(chance.uniform(0.2, 1.6))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert tree(folder / "site") in list(trees.values())
    build_site(folder, search=True)
    assert tree(folder / "site") == trees[wanted]
    assert not list(folder.glob(".site.*"))
