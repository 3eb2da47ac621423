"""Every page of a site: a new kind is one generator in this package and one template.

Generators look at the archive; templates see only the value that a generator gives them.
"""

from pmsite.cache import remembered
from pmsite.site.pages.actions import action_pages
from pmsite.site.pages.backlog import backlog_pages
from pmsite.site.pages.dates import year_pages
from pmsite.site.pages.figures import insights_page
from pmsite.site.pages.home import home
from pmsite.site.pages.incidents import explorer_files, incident_list, incident_pages
from pmsite.site.pages.machine import machine_files, sitemaps
from pmsite.site.pages.plain import not_found, plain_pages, redirects
from pmsite.site.pages.quarters import quarter_pages
from pmsite.site.pages.terms import taxonomy_pages
from pmsite.site.plan import Page, Plan


def plan_pages(plan: Plan) -> list[Page]:
    """All pages; those that take longest to make come first, so that no process waits for one at the end."""
    documents = plan.archive.documents
    sources = tuple([documents[incident.id].path for incident in plan.archive.incidents])
    pages = [
        *home(plan),
        *incident_pages(plan),
        *_pages_of_incidents(plan.of_incidents()),
        *redirects(plan.of_incidents(), sources),
        *plain_pages(plan),
        not_found(plan),
    ]
    return [*machine_files(plan.of_incidents()), *sitemaps(plan, pages), *pages]


@remembered(1)
def _pages_of_incidents(plan: Plan) -> tuple[Page, ...]:
    """Pages that show incidents and none of their text: a change in a text leaves all of them as they are."""
    return (
        *incident_list(plan),
        *explorer_files(plan),
        *year_pages(plan),
        *quarter_pages(plan),
        insights_page(plan),
        *(page for taxonomy in plan.archive.taxonomies for page in taxonomy_pages(plan, taxonomy)),
        *action_pages(plan),
        *backlog_pages(plan),
    )
