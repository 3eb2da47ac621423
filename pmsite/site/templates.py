"""A theme's templates: found in its layers, compiled, and run in a sandbox with autoescape and no undefined names."""

import re
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from enum import Enum
from functools import cached_property
from keyword import iskeyword
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, Undefined, nodes
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from pmsite.site.theme import Theme

_LAYER_PREFIX = re.compile(r"!(?P<layer>[\w.-]+)(?P<plus>\+?)/(?P<name>.*)\Z")
_ROW = re.compile(r"\brow\(")
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_REFERENCE = re.compile(
    r"\{%[-+]?\s*(?:extends|include|import|from)\s+"
    r"(?:(?P<quote>[\"'])(?P<name>[^\"']+)(?P=quote)"
    r"(?=\s*[-+]?%\}|\s+(?:ignore|with|without|import|as)\b))?",
    re.DOTALL,
)
_SPECIAL = re.compile("[&<>\"']")


class PageError(Exception):
    """A page cannot be rendered: a template's fault, with the template's file and line."""

    def __init__(self, path: Path | None, line: int, message: str) -> None:
        super().__init__(message)
        self.path, self.line, self.message = path, line, message


class ThemeLoader(BaseLoader):
    """Finds templates in a theme's layers; `!name/x` in one layer, `!3+/x` from the fourth layer on."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self._texts: dict[Path, str] = {}

    def text(self, path: Path) -> str:
        """A template's text, read once: all pages of a site are made with the same. Raises PageError."""
        text = self._texts.get(path)
        if text is None:
            text = self._texts[path] = source(path)
        return text

    def get_source(self, _environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        found = self.locate(template)
        if found is None:
            raise TemplateNotFound(template)
        return self.text(found[1]), str(found[1]), lambda: True

    def locate(self, template: str) -> tuple[int, Path] | None:
        prefix = _LAYER_PREFIX.match(template)
        if prefix is None:
            return self.theme.find(template) if _is_plain(template) else None
        name = prefix["name"]
        if not _is_plain(name):
            return None
        if prefix["plus"]:
            return self.theme.find(name, int(prefix["layer"]))
        for number, layer in enumerate(self.theme.layers):
            if layer.name == prefix["layer"] and (layer.templates / name).is_file():
                return number, layer.templates / name
        return None


def source(path: Path) -> str:
    """A template's text. Raises PageError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PageError(path, 1, f"cannot be read: {error}") from None


def _is_plain(name: str) -> bool:
    return ".." not in name.split("/") and not name.startswith("/") and "\\" not in name


def references(text: str) -> Iterator[tuple[int, str | None]]:
    """The templates that a template names, with their places; None for a name that is not literal."""
    text = _COMMENT.sub(lambda found: " " * len(found[0]), text)
    for found in _REFERENCE.finditer(text):
        yield found.start(), found["name"]
    if (row := _ROW.search(text)) is not None:
        yield row.start(), "row.html"


_CODES: dict[tuple[str, str], Any] = {}


class _CompiledTemplates(BytecodeCache):
    """Compiled templates by their place and source, kept in memory for the process's next build."""

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = _CODES.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        _CODES[bucket.key, bucket.checksum] = bucket.code


class _Code(CodeGenerator):
    """Jinja's code with three short cuts, which do what Jinja's own code does and take a third of its time.

    A page asks for some 500 attributes, nearly all of frozen values of ours, and prints some 300 texts, most of which
    hold nothing to escape.
    """

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802  Jinja's name
        """`x.name` without the sandbox, where x is of a type that was seen to have that attribute."""
        if node.attr.startswith("_") or iskeyword(node.attr) or not node.attr.isidentifier():
            super().visit_Getattr(node, frame)
            return
        name = self.temporary_identifier()
        self.write(f"({name}.{node.attr} if type({name} := ")
        self.visit(node.node, frame)
        self.write(f") in environment.owners[{node.attr!r}] else environment.getattr({name}, {node.attr!r}))")

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802
        """What stands together is given out in one piece: each goes up through every block and template around it."""
        if frame.buffer is not None or frame.require_output_check or len(node.nodes) == 1:
            super().visit_Output(node, frame)
            return
        finalize = self._make_finalize()
        self.writeline("yield concat((", node)
        self.indent()
        for child in node.nodes:
            self.newline(child)
            if isinstance(child, nodes.TemplateData):
                self.write(repr(child.data))
            else:
                self._output_child_pre(child, frame, finalize)
                self.visit(child, frame)
                self._output_child_post(child, frame, finalize)
            self.write(",")
        self.outdent()
        self.writeline("))")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        name = self.temporary_identifier()
        self._printed.append(name)
        self.write(f"({name} if type({name} := ")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_post(node, frame, finalize)
            return
        name = self._printed.pop()
        self.write(f") is str and environment.special({name}) is None else environment.escaped({name}))")

    @cached_property
    def _printed(self) -> list[str]:
        """The names that hold the texts that are being written, the innermost last."""
        return []


class _Owners(dict[str, set[type]]):
    """The types that are known to have an attribute, by its name."""

    def __missing__(self, attribute: str) -> set[type]:
        return self.setdefault(attribute, set())


# Methods of texts that can do no harm; `format` can reach any attribute and is left to the sandbox.
_TEXT_METHODS = frozenset(
    (
        "endswith",
        "lower",
        "lstrip",
        "removeprefix",
        "removesuffix",
        "replace",
        "rstrip",
        "split",
        "startswith",
        "strip",
        "upper",
    )
)
_KINDS: dict[type, bool] = {}


def _is_value(kind: type) -> bool:
    """Whether a type is one of ours or Jinja's, whose objects cannot reach the system."""
    known = _KINDS.get(kind)
    if known is None:
        known = _KINDS[kind] = kind is LoopContext or (
            (is_dataclass(kind) or issubclass(kind, Enum)) and kind.__module__.startswith("pmsite.")
        )
    return known


class ThemeEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox in which `!parent/x.html` is the next template in the lookup after the one that asks for it."""

    code_generator_class = _Code

    def __init__(self, loader: ThemeLoader) -> None:
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_CompiledTemplates(),
            keep_trailing_newline=True,
            optimized=False,  # folding constants costs more when compiling than it saves here
        )
        self.own_functions: frozenset[Any] = frozenset()
        self.owners = _Owners()

    special = staticmethod(_SPECIAL.search)

    @staticmethod
    def escaped(value: Any) -> str:
        """What a value looks like in HTML."""
        kind = type(value)
        if kind is Markup:
            return value  # type: ignore[no-any-return]
        if kind is int or kind is float:
            return str(value)
        if kind is Undefined:  # an `if` without an `else`
            return ""
        return escape(value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The sandbox's checks are for objects that could reach the system; frozen values of ours cannot."""
        kind = type(obj)
        if attribute[0] == "_":
            return super().getattr(obj, attribute)
        if kind is TemplateModule and attribute in obj.__dict__:
            return obj.__dict__[attribute]
        if _is_value(kind):
            if not hasattr(obj, attribute):
                return self.undefined(obj=obj, name=attribute)
            self.owners[attribute].add(kind)
            return getattr(obj, attribute)
        if kind is str and attribute in _TEXT_METHODS:
            self.owners[attribute].add(kind)
            return getattr(obj, attribute)
        if kind is dict and attribute in obj and not hasattr(dict, attribute):
            return obj[attribute]
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Filters such as `map(attribute="name")` ask in this way."""
        kind = type(obj)
        if type(argument) is str and kind in self.owners[argument]:
            return getattr(obj, argument)
        if _is_value(kind) and not hasattr(kind, "__getitem__") and type(argument) is str:
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)

    def call(self, context: Context, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Likewise: macros, our own functions, and methods of texts and loops need no check."""
        if type(function) is Macro:
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
            return function(context.eval_ctx, *args, **kwargs)
        if function in self.own_functions:
            return function(context, *args)
        owner = type(getattr(function, "__self__", None))
        if (owner is str and function.__name__ in _TEXT_METHODS) or owner is LoopContext:
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
            return function(*args, **kwargs)
        return super().call(context, function, *args, **kwargs)

    def join_path(self, template: str, parent: str) -> str:
        if not template.startswith("!parent/"):
            return template
        assert isinstance(self.loader, ThemeLoader)
        found = self.loader.locate(parent)
        return f"!{found[0] + 1 if found else 0}+/{template.removeprefix('!parent/')}"
