"""The insights page: what the archive shows as a whole."""

from pmsite.archive.overview import DIVISIONS
from pmsite.site.plan import Page, Plan
from pmsite.site.views import InsightsView, Link


def insights_page(plan: Plan) -> Page:
    view = InsightsView(
        head=plan.head(
            "Insights", f"What the incidents of {plan.title} have in common.", Link("Insights", "insights/")
        ),
        incidents=plan.archive.incidents,
        taxonomies=tuple(plan.archive.taxonomy(name) for name in DIVISIONS),
        ranks=plan.present.ranks,
        first_month=plan.config.fiscal_year_start,
        zone=plan.config.timezone,
        today=plan.today,
    )
    return Page("insights/index.html", "insights.html", view)
