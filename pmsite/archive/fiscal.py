"""Quarters of calendar and fiscal years: their names, their days, and which one a day belongs to."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True, slots=True, order=True)
class QuarterName:
    """A quarter by its year and its place in it, counted from 1; `first_month` is the month that years begin with.

    A year that does not begin in January is named for the calendar year in which it ends.
    """

    year: int
    number: int
    first_month: int = 1

    @property
    def year_label(self) -> str:
        """`2023`, or `FY2024`."""
        return f"FY{self.year}" if self.first_month > 1 else str(self.year)

    @property
    def year_slug(self) -> str:
        return self.year_label.lower()

    @property
    def label(self) -> str:
        """`Q4 2023`, or `Q4 FY2024`."""
        return f"Q{self.number} {self.year_label}"

    @property
    def start(self) -> date:
        return quarter_start(self.year, self.number - 1, self.first_month)

    @property
    def end(self) -> date:
        """The last day."""
        return quarter_start(self.year, self.number, self.first_month) - timedelta(days=1)

    def moved(self, quarters: int) -> "QuarterName":
        """The quarter so many quarters later, or earlier if negative."""
        year, place = divmod(4 * self.year + self.number - 1 + quarters, 4)
        return QuarterName(year, place + 1, self.first_month)

    def since(self, earlier: "QuarterName") -> int:
        """How many quarters it comes after an earlier one."""
        return 4 * (self.year - earlier.year) + self.number - earlier.number


@lru_cache(maxsize=65_536)
def quarter_of(day: date, first_month: int) -> QuarterName:
    """The quarter that a day belongs to."""
    return QuarterName(fiscal_year(day, first_month), (day.month - first_month) % 12 // 3 + 1, first_month)


def fiscal_year(day: date, first_month: int) -> int:
    """The year in which the fiscal year ends; the calendar year where it begins in January."""
    return day.year + 1 if first_month > 1 and day.month >= first_month else day.year


def quarter_start(year: int, index: int, first_month: int) -> date:
    """The first day of a (fiscal) year's quarter, counted from 0; 4 gives the day after the year."""
    months = (year - (1 if first_month > 1 else 0)) * 12 + (first_month - 1) + index * 3
    return date(months // 12, months % 12 + 1, 1)


def latest_complete(today: date, first_month: int) -> QuarterName:
    """The last quarter that was over before `today`."""
    return quarter_of(today, first_month).moved(-1)
