"""Where a build's time goes, stage by stage."""

import os
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a build: seconds by the clock, and of processors, worker processes included."""

    name: str
    seconds: float
    cpu: float


class Stages:
    """Takes the time of one stage after another. What came before the first is the start of the program."""

    def __init__(self) -> None:
        now = os.times()
        # Before the build, one processor imports what is needed; how long ago it began is not known everywhere.
        begun = now.user + now.system
        self._found = [Stage("start", begun, begun)]
        self._last = now

    def ended(self, name: str) -> None:
        """The stage of this name ends here. Workers count once they have ended."""
        now, last = os.times(), self._last
        self._found.append(Stage(name, now.elapsed - last.elapsed, sum(now[:4]) - sum(last[:4])))
        self._last = now

    @property
    def found(self) -> tuple[Stage, ...]:
        return tuple(self._found)


def table(stages: Iterable[Stage]) -> str:
    """The stages and their sum, for people."""
    stages = (*stages,)
    total = Stage("all", sum(one.seconds for one in stages), sum(one.cpu for one in stages))
    lines = [f"{'stage':<12}{'seconds':>9}{'CPU':>9}"]
    lines += [f"{one.name:<12}{one.seconds:>9.2f}{one.cpu:>9.2f}" for one in (*stages, total)]
    return "\n".join(lines)
