"""What search engines are told of a page: schema.org as JSON-LD (https://www.w3.org/TR/json-ld11/#embedding-json-ld-in-html-documents)."""

import json
from typing import Any

from pmsite.site import urls
from pmsite.site.views import IncidentView, PageView

# A data block ends at the first `</script`, whatever JSON says; these never need to stand in it as they are.
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def linked_data(view: Any, path: str, base_url: str, site_title: str, language: str) -> str:
    """JSON for a script element that does not run: the way to the page, and of an incident's page the article."""
    head: PageView = view.head
    url = f"{base_url}/{urls.encode(path.removesuffix('index.html'))}"
    parts: list[dict[str, Any]] = []
    if isinstance(view, IncidentView):
        parts.append(_article(view, url, language))
    if head.crumbs:
        parts.append(_breadcrumbs(head, url, base_url))
    else:
        parts.append({"@type": "WebSite", "name": site_title, "url": url})
    value = {"@context": "https://schema.org", "@graph": parts}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def _article(view: IncidentView, url: str, language: str) -> dict[str, Any]:
    incident = view.incident
    published = incident.published or incident.date
    updated = incident.updated or published
    facts = {
        "@type": "TechArticle",
        "headline": incident.title,
        "description": view.head.description,
        "url": url,
        "inLanguage": language,
        "datePublished": published.isoformat() if published else "",
        "dateModified": updated.isoformat() if updated else "",
        "author": [{"@type": "Person", "name": name} for name in incident.authors],
    }
    return {name: fact for name, fact in facts.items() if fact}


def _breadcrumbs(head: PageView, url: str, base_url: str) -> dict[str, Any]:
    way = [(crumb.label, f"{base_url}/{urls.encode(crumb.url)}") for crumb in head.crumbs]
    if way[-1][1] != url:
        way.append((head.title, url))
    items = [
        {"@type": "ListItem", "position": number, "name": name, "item": address}
        for number, (name, address) in enumerate(way, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}
