"""Markdown to safe HTML: two flavours, one sanitiser."""

import re
from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import Any

import comrak
import nh3

from pmsite.config import MarkdownConfig

Converter = Callable[[str], str]

# What GitHub lets through, less what HTML no longer has.
_TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"id", "class", "title", "lang", "dir"},
    "a": {"href", "name", "aria-label"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "td": {"align", "colspan", "rowspan", "style"},
    "th": {"align", "colspan", "rowspan", "scope", "style"},
    "div": {"align"},
    "p": {"align"},
    "h1": {"align"},
    "h2": {"align"},
    "h3": {"align"},
    "input": {"checked"},
    "time": {"datetime"},
    "details": {"open"},
}
_VALUES = {"input": {"type": {"checkbox"}}}
_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "irc", "ircs", "xmpp"}

_PYTHON_EXTENSIONS = (
    "abbr",
    "admonition",
    "attr_list",
    "def_list",
    "footnotes",
    "md_in_html",
    "sane_lists",
    "tables",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.magiclink",
    "pymdownx.quotes",
    "pymdownx.superfences",
    "pymdownx.tabbed",
    "pymdownx.tasklist",
    "pymdownx.tilde",
)


def _fence(
    source: str, language: str, _class: str, options: dict[str, str], _converter: Any, **_given: Any
) -> str:
    """Fenced code below its title. Of the options that themes for MkDocs know, a title alone says something here."""
    title = f"<p><strong>{escape(options['title'])}</strong></p>" if options.get("title") else ""
    kind = f' class="language-{escape(language)}"' if language else ""
    return f"{title}<pre><code{kind}>{escape(source, quote=False)}</code></pre>"


def _any_options(
    _language: str, given: dict[str, str], options: dict[str, str], _attributes: Any, _converter: Any
) -> bool:
    """A fence with options that nothing is done with is a fence all the same."""
    options.update(given)
    return True


# A tab is shown below its label, one after the other: choosing one takes a form control or a script.
_TAB = re.compile(r'<input[^>]* name="__tabbed_\d+"[^>]*>\s*<label[^>]*>(.*?)</label>', re.DOTALL)
# Highlighting is done later and for both flavours, so the extensions are told to leave code alone.
_PYTHON_OPTIONS: dict[str, dict[str, Any]] = {
    "pymdownx.superfences": {
        "custom_fences": [{"name": "*", "class": "", "format": _fence, "validator": _any_options}]
    },
    "pymdownx.highlight": {"use_pygments": False},
    "pymdownx.quotes": {"callouts": True},
    "codehilite": {"use_pygments": False},
    "tables": {"use_align_attribute": True},
}


def converter(settings: MarkdownConfig) -> Converter:
    """Markdown text to sanitised HTML. Make it once for many documents."""
    convert = _github() if settings.flavor == "github" else _python(settings)
    clean = cleaner().clean
    return lambda text: clean(convert(text))


def github_html(text: str) -> str:
    """GitHub's dialect to HTML, raw HTML included: not safe before it is cleaned."""
    return _github()(text)


@lru_cache(maxsize=1)
def cleaner() -> nh3.Cleaner:
    """Keeps what documents may contain; scripts, styles, handlers, forms, frames and odd URLs are gone."""
    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values=_VALUES,
        url_schemes=_SCHEMES,
        filter_style_properties={"text-align"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )


@lru_cache(maxsize=1)
def _github() -> Converter:
    extensions = comrak.ExtensionOptions()
    extensions.table = extensions.strikethrough = extensions.autolink = extensions.tasklist = True
    extensions.footnotes = extensions.alerts = extensions.tagfilter = extensions.shortcodes = True
    rendering = comrak.RenderOptions()
    rendering.unsafe_ = True  # raw HTML is the sanitiser's business
    return lambda text: comrak.render_markdown(text, extensions, None, rendering)


def _python(settings: MarkdownConfig) -> Converter:
    import markdown

    names, options = [], dict(_PYTHON_OPTIONS)
    for extension in settings.extensions or _PYTHON_EXTENSIONS:
        given = extension if isinstance(extension, dict) else {extension: {}}
        for name, own in given.items():
            names.append(name)
            options[name] = {**options.get(name, {}), **own}
    converter = markdown.Markdown(
        extensions=names, extension_configs={name: options[name] for name in names if options.get(name)}
    )

    def convert(text: str) -> str:
        converter.reset()
        return _TAB.sub(r"<p><strong>\1</strong></p>", converter.convert(text))

    return convert
