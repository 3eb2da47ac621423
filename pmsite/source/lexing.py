"""Pygments' tokens in less time: one regular expression for each state of a lexer instead of one for each of its rules.

Pygments tries the rules of a state one after the other, some twenty for a token, and each try is a call. Joined into
one expression, `(?:rule 1)()|(?:rule 2)()|...`, they are tried in the same order within a single call, and the empty
group behind the rule that matched says which one it was. States whose rules cannot be joined, and lexers that have a
way of their own, are left to Pygments.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from pygments.lexer import Lexer, RegexLexer
from pygments.token import Error, Whitespace, _TokenType

Token = tuple[_TokenType, str]
# A reference to a group by number or name, or a name: joining rules would make it mean another group.
_OWN_GROUPS = re.compile(r"\\[1-9]|\(\?P|\(\?\(")


class _Rule(NamedTuple):
    match: Any
    action: Any
    change: Any


class _Joined(NamedTuple):
    """Rules of a state that stand one after the other, each by the number of the group that says that it matched."""

    match: Any
    rules: dict[int, _Rule]


def tokens(lexer: Lexer, code: str) -> Iterator[Token]:
    """What `lexer.get_tokens_unprocessed` gives, without places."""
    states = _states(type(lexer))
    if states is None:
        for _, kind, text in lexer.get_tokens_unprocessed(code):
            yield kind, text
        return
    stack = ["root"]
    state = states["root"]
    place, end = 0, len(code)
    while place <= end:
        for match, rules in state:  # noqa: B007  rules is that of the match
            found = match(code, place)
            if found is not None:
                break
        else:
            if place == end:
                return
            if code[place] == "\n":
                stack = ["root"]
                state = states["root"]
                yield Whitespace, "\n"
            else:
                yield Error, code[place]
            place += 1
            continue
        rule = rules[found.lastindex] if len(rules) > 1 else rules[0]
        if type(rule.action) is _TokenType:
            yield rule.action, found.group()
        elif rule.action is not None:  # an action reads the groups of its own rule
            for _, kind, text in rule.action(lexer, rule.match(code, place)):
                yield kind, text
        place = found.end()
        if rule.change is not None:
            _move(stack, rule.change)
            state = states[stack[-1]]


def _move(stack: list[str], change: Any) -> None:
    """Enter and leave states as a rule says; the first one is never left."""
    if isinstance(change, tuple):
        for part in change:
            if part == "#pop":
                if len(stack) > 1:
                    stack.pop()
            else:
                stack.append(stack[-1] if part == "#push" else part)
    elif isinstance(change, int):
        del stack[max(1, len(stack) + change) :]
    else:
        stack.append(stack[-1])


class _States(dict[str, list[_Joined]]):
    """A lexer's states, their rules joined where they can be: each when code first gets into it.

    An expression takes longer to compile than most snippets take to read, and a snippet sees few of the states.
    """

    def __init__(self, rules: Mapping[str, Sequence[tuple[Any, Any, Any]]]) -> None:
        self._rules = rules

    def __missing__(self, name: str) -> list[_Joined]:
        state = self[name] = list(_joined([_Rule(*rule) for rule in self._rules[name]]))
        return state


@lru_cache(maxsize=64)
def _states(kind: type[Lexer]) -> _States | None:
    """The states of a lexer; None for one that is left to Pygments."""
    if (
        not issubclass(kind, RegexLexer)
        or kind.get_tokens_unprocessed is not RegexLexer.get_tokens_unprocessed
        or not hasattr(kind, "_tokens")  # variants of one language are made for each lexer
    ):
        return None
    return _States(kind._tokens)


def _joined(rules: list[_Rule]) -> Iterator[_Joined]:
    """Rules in their order, neighbours joined."""
    for is_joinable, neighbours in groupby(rules, _is_joinable):
        together = list(neighbours)
        joined = _join(together) if is_joinable and len(together) > 1 else None
        if joined is not None:
            yield joined
        else:
            for rule in together:
                yield _Joined(rule.match, {0: rule})


def _is_joinable(rule: _Rule) -> int:
    """The flags of a rule's expression, which joined rules have in common; 0 for a rule that stands alone."""
    pattern = getattr(rule.match, "__self__", None)
    if not isinstance(pattern, re.Pattern) or _OWN_GROUPS.search(pattern.pattern):
        return 0
    return int(pattern.flags)


def _join(rules: list[_Rule]) -> _Joined | None:
    parts, by_group, group = [], {}, 0
    for rule in rules:
        pattern = rule.match.__self__
        group += pattern.groups + 1
        by_group[group] = rule
        parts.append(f"(?:{pattern.pattern})()")
    try:
        return _Joined(re.compile("|".join(parts), rules[0].match.__self__.flags).match, by_group)
    except re.error:
        return None
