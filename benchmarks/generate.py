"""A made-up archive: the same number and seed give the same bytes, on every machine.

`python -m benchmarks.generate DIR N` writes DIR/pmsite.yaml and N postmortems below DIR/content.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks import words
from benchmarks.snippets import snippet

FIRST_DAY = date(2015, 1, 1)
LAST_DAY = date(2025, 12, 31)
CONFIG = "title: Benchmark archive\ntimezone: UTC\nbase_url: https://example.org\n"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the front matter and the prose of one postmortem both speak of."""

    number: int
    title: str
    slug: str
    started: datetime
    detected: datetime
    mitigated: datetime
    resolved: datetime
    services: tuple[str, ...]
    teams: tuple[str, ...]
    noun: str
    users: int
    percent: int


def generate(folder: Path, count: int, seed: int = 1) -> None:
    """Write `count` postmortems, spread evenly over the days from 2015 to 2025."""
    content = folder / "content"
    content.mkdir(parents=True, exist_ok=True)
    (folder / "pmsite.yaml").write_text(CONFIG, encoding="utf-8")
    for number in range(count):
        name, text = document(number, count, seed)
        (content / name).write_text(text, encoding="utf-8", newline="\n")


def document(number: int, count: int, seed: int) -> tuple[str, str]:
    """The file name and the text of one postmortem."""
    random = Random(f"{seed}-{number}")
    facts = _facts(random, number, count)
    name = f"{facts.started:%Y-%m-%d}-{facts.slug}-{number:05d}.md"
    return name, f"---\n{_front_matter(random, facts)}---\n\n{_body(random, facts)}"


def _facts(random: Random, number: int, count: int) -> Facts:
    day = FIRST_DAY + timedelta(days=number * ((LAST_DAY - FIRST_DAY).days + 1) // count)
    started = datetime(day.year, day.month, day.day) + timedelta(minutes=random.randrange(20 * 60))
    detected = started + timedelta(minutes=random.randint(1, 25))
    mitigated = detected + timedelta(minutes=random.randint(10, 150))
    noun = random.choice(words.NOUNS)
    adjective = random.choice(words.ADJECTIVES)
    services = _some(random, words.SERVICES, 1, 3)
    return Facts(
        number=number,
        title=f"{adjective.capitalize()} {noun} {random.choice(words.VERBS)} {services[0]} ({number + 1})",
        slug=f"{adjective}-{noun}".replace(" ", "-").lower(),
        started=started,
        detected=detected,
        mitigated=mitigated,
        resolved=mitigated + timedelta(minutes=random.randint(5, 90)),
        services=services,
        teams=_some(random, words.TEAMS, 1, 2),
        noun=noun,
        users=random.randint(10, 90_000),
        percent=random.randint(1, 100),
    )


def _front_matter(random: Random, facts: Facts) -> str:
    types = _some(random, words.IMPACT_TYPES, 1, 2)
    return (
        f"title: {facts.title}\n"
        f"date: {facts.started:%Y-%m-%d}\n"
        f"summary: {_sentence(random)} {_sentence(random)}\n"
        "status: final\n"
        f"severity: {random.choices(words.SEVERITIES, weights=(1, 3, 4, 2))[0]}\n"
        f"started: {_moment(facts.started)}\n"
        f"detected: {_moment(facts.detected)}\n"
        f"mitigated: {_moment(facts.mitigated)}\n"
        f"resolved: {_moment(facts.resolved)}\n"
        "impact:\n"
        f"  summary: {facts.percent} % of the users of {facts.services[0]} saw errors\n"
        f"  users: {facts.users}\n"
        f"  percent: {facts.percent}\n"
        f"  types: {_flow(types)}\n"
        f"root_cause: {random.choice(words.CAUSES)}\n"
        f"trigger: {random.choice(words.TRIGGERS)}\n"
        f"factors: {_flow(_some(random, words.FACTORS, 1, 3))}\n"
        f"detection: {random.choice(words.DETECTIONS)}\n"
        f"services: {_flow(facts.services)}\n"
        f"teams: {_flow(facts.teams)}\n"
        f"tags: {_flow(_some(random, words.TAGS, 2, 4))}\n"
        f"authors: {_flow(_some(random, words.AUTHORS, 1, 2))}\n"
        f"timeline:\n{_timeline(random, facts)}"
        f"action_items:\n{_action_items(random, facts)}"
        f"resolution: {_sentence(random)}\n"
    )


def _timeline(random: Random, facts: Facts) -> str:
    length = int((facts.resolved - facts.started).total_seconds() // 60)
    minutes = sorted(random.sample(range(1, length), random.randint(4, 8)))
    moments = [facts.started + timedelta(minutes=minute) for minute in (0, *minutes, length)]
    return "".join(
        f"  - at: {_moment(at)}\n    event: {json.dumps(_event(random, facts))}\n" for at in moments
    )


def _event(random: Random, facts: Facts) -> str:
    return random.choice(words.EVENTS).format(
        noun=facts.noun,
        verb=random.choice(words.VERBS),
        adjective=random.choice(words.ADJECTIVES),
        service=random.choice(facts.services),
        team=random.choice(facts.teams),
        n=random.randint(2, 9_999),
    )


def _action_items(random: Random, facts: Facts) -> str:
    items = []
    for place in range(random.randint(3, 6)):
        due = facts.started.date() + timedelta(days=random.randint(7, 120))
        items.append(
            f"  - title: {random.choice(words.STEPS)} the {random.choice(words.NOUNS)}"
            f" of {random.choice(facts.services)}\n"
            f"    owner: {random.choice(facts.teams)}\n"
            f"    due: {due}\n"
            f"    status: {random.choice(words.ACTION_STATUSES)}\n"
            f"    type: {random.choice(words.ACTION_TYPES)}\n"
            f"    ticket: OPS-{facts.number * 10 + place}\n"
        )
    return "".join(items)


def _body(random: Random, facts: Facts) -> str:
    ticket = f"OPS-{facts.number * 10}"
    return (
        f"## What happened\n\n{_paragraph(random, 4)}\n\n"
        f"The first sign was a **{random.choice(words.ADJECTIVES)} {facts.noun}** on"
        f" `{facts.services[0]}-{random.randint(1, 400)}`, see"
        f" [{ticket}](https://tracker.example/browse/{ticket}).\n\n"
        f"## Root cause\n\n{_paragraph(random, 3)}\n\n"
        f"{snippet(random, facts.number, facts.services[0], facts.noun.lower().replace(' ', '_'))}\n"
        f"## Impact\n\nAbout *{facts.users:,}* users were affected. {_sentence(random)}\n\n"
        f"{_table(random, facts)}\n"
        f"## What went well\n\n{_list(random, 2)}\n"
        f"## What went badly\n\n{_list(random, 2)}\n"
        f"## Lessons\n\n{_paragraph(random, 2)}\n\n{_numbered(random, 2)}\n"
        f"More on the [dashboard](https://graphs.example/d/{facts.number}?from={facts.started:%Y%m%d})"
        f" and in the ~~draft~~ *reviewed* notes of the {facts.teams[0]} team.\n"
    )


def _table(random: Random, facts: Facts) -> str:
    rows = "".join(
        f"| {service} | {random.randint(1, 9_999)} | {random.random():.2%}"
        f" | {random.choice(words.ADJECTIVES)} |\n"
        for service in facts.services
    )
    return f"| Service | Failed requests | Error rate | State |\n|---|---:|---:|---|\n{rows}"


def _list(random: Random, length: int) -> str:
    return "".join(f"- {_sentence(random)}\n" for _ in range(length))


def _numbered(random: Random, length: int) -> str:
    return "".join(f"{place + 1}. {_sentence(random)}\n" for place in range(length))


def _paragraph(random: Random, sentences: int) -> str:
    return " ".join(_sentence(random) for _ in range(sentences))


def _sentence(random: Random) -> str:
    return (
        f"The {random.choice(words.ADJECTIVES)} {random.choice(words.NOUNS)} {random.choice(words.VERBS)}"
        f" {random.randint(2, 99_999)} {random.choice(words.NOUNS)}s {random.choice(words.ENDINGS)}."
    )


def _some(random: Random, pool: Sequence[str], least: int, most: int) -> tuple[str, ...]:
    return tuple(random.sample(pool, random.randint(least, most)))


def _flow(items: Sequence[str]) -> str:
    return f"[{', '.join(items)}]"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description=__doc__)
    parser.add_argument("folder", type=Path, help="where pmsite.yaml and content/ are written")
    parser.add_argument("count", type=int, help="how many postmortems")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives another archive")
    given = parser.parse_args()
    generate(given.folder, given.count, given.seed)


if __name__ == "__main__":
    main()
