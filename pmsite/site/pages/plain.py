"""Plain pages, redirects from former addresses, and the page for addresses that do not exist."""

from collections import Counter
from collections.abc import Iterator, Sequence

from pmsite.archive.incident import Incident
from pmsite.cache import remembered
from pmsite.site import urls
from pmsite.site.plan import Page, Plan, address_of
from pmsite.site.views import Link, NotFoundView, PageView, ProseView, RedirectView


def plain_pages(plan: Plan) -> Iterator[Page]:
    for document in plan.archive.pages:
        view = ProseView(
            head=plan.head(document.title, document.body.excerpt, Link(document.title, address_of(document))),
            prose=plan.prose[document.path],
            source_url=plan.config.source_url.replace("{path}", urls.encode(document.path)),
        )
        yield Page(urls.page_file(address_of(document)), "page.html", view, document.path)


@remembered(1)
def redirects(plan: Plan, sources: tuple[str, ...]) -> tuple[Page, ...]:
    """Former addresses lead to the incident; `sources` are the paths of the incidents' documents."""
    source_of = {incident.id: path for incident, path in zip(plan.archive.incidents, sources, strict=True)}
    return tuple(
        Page(
            urls.page_file(address),
            "redirect.html",
            RedirectView(plan.head(incident.title, ""), urls.incident(incident.id)),
            source_of[incident.id],
        )
        for address, incident in former_addresses(plan.archive.incidents)
    )


def former_addresses(incidents: Sequence[Incident]) -> Iterator[tuple[str, Incident]]:
    """The addresses of former ids and paths, and of the organisation's own numbers, with the incidents they are of."""
    numbers = Counter(urls.slug(incident.number) for incident in incidents)
    taken = {incident.id for incident in incidents}
    taken |= {number for number, count in numbers.items() if count > 1}
    for incident in incidents:
        for address in alias_addresses(incident, taken):
            yield address, incident


def alias_addresses(incident: Incident, taken: set[str]) -> list[str]:
    """`old-id` is `incidents/old-id/`; `old/path.html` and `old/path/` are paths from the site's root."""
    found = []
    for alias in incident.aliases:
        if "/" not in alias.strip("/") and not alias.endswith(".html"):
            found.append(urls.incident(urls.slug(alias, fallback="alias")))
            continue
        parts = [part for part in alias.split("/") if part not in ("", ".", "..")]
        name = parts[-1] if parts else ""
        is_file = name.endswith((".html", ".htm"))
        slugs = [urls.slug(part) or "x" for part in (parts[:-1] if is_file else parts)]
        folder = "".join(f"{part}/" for part in slugs)
        found.append(f"{folder}{urls.slug(name.rpartition('.')[0]) or 'x'}.html" if is_file else folder)
    number = urls.slug(incident.number)
    if number and number not in taken:
        found.append(urls.incident(number))
    return [alias for alias in dict.fromkeys(found) if alias and alias != urls.incident(incident.id)]


def not_found(plan: Plan) -> Page:
    return Page(
        "404.html", "404.html", NotFoundView(PageView("Page not found", "", ()), plan.config.base_url)
    )
