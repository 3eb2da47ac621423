"""Front matter that was written for another program: what its keys mean here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pmsite.vocabulary import Word

# The key in `fields:` of pmsite.yaml that names a preset, and the word for keys that nothing is read from.
PRESET = "preset"
IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Preset:
    """A dialect of front matter; its keys are in small letters, with `_` for spaces and hyphens.

    `fields` says which field a key stands for; a dot leads into a table. `tables` hold further fields, as if these
    stood at the top. `flags` are keys whose value decides: key and value, and the field and value that they stand for.
    `spaced` are keys whose text holds names separated by spaces. `severities` are its words for them, the worst first.
    `typical` are keys that decide between dialects which explain a document equally well.
    """

    fields: Mapping[str, str]
    tables: frozenset[str] = frozenset()
    flags: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    spaced: frozenset[str] = frozenset()
    severities: tuple[Word, ...] = ()
    typical: frozenset[str] = frozenset()


def _ignored(keys: str) -> dict[str, str]:
    return dict.fromkeys(keys.split(), IGNORE)


# Addresses on the other site, and how it shows a page. `aliases` are such addresses too.
_SHOWN = _ignored(
    "slug url permalink path aliases weight layout template type toc comments math images cover"
)

# https://gohugo.io/content-management/front-matter/
_HUGO = Preset(
    {
        **_SHOWN,
        **_ignored(
            "audio build _build cascade expirydate unpublishdate headless iscjklanguage linktitle markup menu menus"
            " outputs params resources series sitemap translationkey videos"
        ),
        "publishdate": "published",
        "pubdate": "published",
        "modified": "updated",
    },
    tables=frozenset({"params"}),
    typical=frozenset({"linktitle", "weight", "publishdate", "expirydate", "iscjklanguage", "cascade"}),
)

PRESETS: Mapping[str, Preset] = {
    # https://github.com/cstate/cstate/wiki/Usage: a status page; `informational` entries are no incidents.
    "cstate": Preset(
        {**_HUGO.fields, **_ignored("section pin automated informational")},
        tables=_HUGO.tables,
        flags={("informational", "true"): ("kind", "maintenance")},
        severities=(
            Word("down", title="Down", description="Not available."),
            Word("disrupted", title="Disrupted", description="Available, with errors or delays."),
            Word("notice", title="Notice", description="Announced, or hardly noticed."),
        ),
        typical=frozenset({"section", "informational", "pin"}),
    ),
    "hugo": _HUGO,
    # https://github.com/icco/postmortems: postmortems that companies published, each with its source.
    "icco": Preset(
        {
            **_ignored("uuid source_fetched_at"),
            "url": "links",
            "archive_url": "links",
            "company": "teams",
            "product": "services",
            "source_published_at": "published",
        },
        typical=frozenset({"company", "product", "source_fetched_at"}),
    ),
    # https://jekyllrb.com/docs/front-matter/, with the keys of jekyll-seo-tag, jekyll-redirect-from, just-the-docs.
    "jekyll": Preset(
        {
            **_SHOWN,
            **_ignored(
                "published excerpt_separator render_with_liquid redirect_from redirect_to lang image sitemap pin"
                " mermaid nav_order nav_exclude search_exclude parent grand_parent has_children has_toc"
            ),
            "last_modified_at": "updated",
        },
        flags={("published", "false"): ("status", "draft")},
        spaced=frozenset({"categories", "tags"}),
        typical=frozenset({"excerpt_separator", "permalink", "render_with_liquid", "redirect_from"}),
    ),
    # https://squidfunk.github.io/mkdocs-material/plugins/blog/#metadata
    "mkdocs": Preset(
        {**_SHOWN, **_ignored("links pin readtime hide icon search social subtitle")},
        typical=frozenset({"readtime", "hide"}),
    ),
    # https://www.getzola.org/documentation/content/page/#front-matter
    "zola": Preset(
        {**_SHOWN, **_ignored("extra in_search_index render")},
        tables=frozenset({"taxonomies", "extra"}),
        typical=frozenset({"path", "taxonomies", "extra", "in_search_index"}),
    ),
}
