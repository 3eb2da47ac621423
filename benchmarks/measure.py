"""What a command costs: seconds of wall clock and CPU, and the peak memory of it and all its children."""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.05
_PROC = Path("/proc")


class CommandFailed(Exception):
    """A measured command did not exit with 0; the message is the command and what it said last."""


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float
    """Seconds from start to exit."""
    cpu: float
    """Seconds of user and system time, the children's included."""
    memory: int | None
    """Peak bytes of the process tree; None where it was not sampled or cannot be."""


def run(command: Sequence[str], *, sample_memory: bool = False) -> Cost:
    """Run a command to its end. Raises CommandFailed.

    Sampling takes CPU from what it measures (the kernel walks the page tables of every process, which costs
    the larger process more), so that the time of a sampled run should not be used.
    """
    os.sync()  # or this run pays for writing back the output of the one before
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        memory = _watch(process.pid) if sample_memory and _PROC.is_dir() else None
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            last = said.read().decode(errors="replace")[-2_000:]
            raise CommandFailed(f"{' '.join(command)}\nexited with {process.returncode}\n{last}")
    # wait4 counts descendants that their parents waited for, which pmsite's pool does; Hugo is one process.
    return Cost(wall, usage.ru_utime + usage.ru_stime, memory)


def _watch(pid: int) -> int:
    """The largest sum over the process tree until its root exits."""
    peak = 0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        peak = max(peak, memory_of(pid))
        time.sleep(SAMPLE_SECONDS)
    return peak


def memory_of(pid: int) -> int:
    """Bytes of memory of a process and all its children."""
    return sum(_memory(member) for member in _tree(pid))


def cpu_of(pid: int) -> float:
    """Seconds of user and system time of a process, all its children, and those that they have waited for."""
    fields = [_read(_PROC / str(member) / "stat").rpartition(")")[2].split() for member in _tree(pid)]
    return sum(sum(map(int, one[11:15])) for one in fields if one) / os.sysconf("SC_CLK_TCK")


def _tree(pid: int) -> list[int]:
    members = [pid]
    for member in members:  # grows while it is walked
        for children in (_PROC / str(member) / "task").glob("*/children"):
            members += [int(child) for child in _read(children).split()]
    return members


def _memory(pid: int) -> int:
    """Proportional set size, which counts pages shared between processes once; else resident size."""
    rollup = _field(_read(_PROC / str(pid) / "smaps_rollup"), "Pss:")
    return rollup if rollup is not None else _field(_read(_PROC / str(pid) / "status"), "VmRSS:") or 0


def _field(text: str, name: str) -> int | None:
    for line in text.splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return None


def _read(path: Path) -> str:
    """The text of a file below /proc, empty if its process has gone or is not ours."""
    try:
        return path.read_text()
    except OSError:
        return ""
