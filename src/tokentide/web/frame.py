"""What every page has around its own content: navigation, filters, how fresh it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl

from tokentide import __version__
from tokentide.analytics.calendar import Calendar
from tokentide.render.words import clean, model_name, project_names
from tokentide.web.asked import Days, Filters, address_of, narrowed

TIME = ("since", "until", "last", "today")
USAGE = ("project", "model", "source", "account")
EVERYTHING = (*TIME, *USAGE)
ALL_TIME = "9999m"
"""As `last`, more than anyone has."""
RANGES = (
    ("today", "Today"),
    ("7d", "7 days"),
    ("30d", "30 days"),
    ("90d", "90 days"),
    ("1m", "This month"),
    ("12m", "12 months"),
    ("all", "All time"),
)


class Surroundings(Protocol):
    """What a frame has to know of what a page is made of."""

    @property
    def version(self) -> int:
        """Another number where pages would say anything else."""

    @property
    def has_login(self) -> bool:
        """Whether whoever looks has logged in, and may log out."""

    @property
    def is_new(self) -> bool:
        """Whether there was never anything to show."""

    def values(self, name: str) -> list[str]:
        """The values of a filter that are known."""


S = TypeVar("S", bound=Surroundings)
Q = TypeVar("Q", bound=Days)


@dataclass(frozen=True, slots=True)
class Page(Generic[S, Q]):
    """One page; its module says what stands on it."""

    path: str
    title: str
    template: str
    build: Callable[[S, Q, str], Mapping[str, Any]]
    """The template's values; the text is the last part of the path, where `path` leaves it open."""
    query: type[Q]
    filters: tuple[str, ...] = EVERYTHING
    """Those of the bar that mean anything here."""
    usual_range: str = ""
    """What is shown where no days were asked for; empty for all."""
    nav: str = ""
    """The title that is lit in the navigation; its own unless told."""
    bar: type[Days] = Filters
    """All filters that there are: those that links to other pages take along."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a filter may have."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force."""

    name: str
    label: str
    without: str
    """The address without it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything around a page's content."""

    page: Page[Any, Any]
    pages: Sequence[Page[Any, Any]]
    asked: Days
    sight: Surroundings
    calendar: Calendar
    path: str
    is_part: bool
    version: str = __version__

    @property
    def carried(self) -> str:
        """The query that links to other pages take along: the filters."""
        return address_of(narrowed(self.asked, self.page.bar))

    @property
    def query(self) -> str:
        """The query of this page as it was asked."""
        return address_of(self.asked)

    def address(self, **changes: object) -> str:
        """This page with some parameters changed."""
        return self.path + address_of(self.asked, **changes)

    def api(self, path: str, **changes: object) -> str:
        """A report of the API under the filters of this page; days as the page shows them where none were asked."""
        filters = narrowed(self.asked, self.page.bar)
        if "last" in self.page.filters and not self.asked.wishes().has_range:
            changes = {"last": self.page.usual_range, **changes}
        return f"/api/v1/{path}{address_of(filters, **changes)}"

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form of the filters sends along so that the rest of the address stays: names and values."""
        return parse_qsl(address_of(self.asked, **dict.fromkeys((*TIME, *self.page.bar.names_of_values())))[1:])

    @property
    def offered(self) -> list[str]:
        """The filters of values that the bar of this page offers."""
        return [name for name in self.page.filters if name not in TIME]

    @property
    def usage_in_force(self) -> list[tuple[str, str]]:
        """The filters that are chips: names and values."""
        return [(name, value) for name in self.page.bar.names_of_values() for value in getattr(self.asked, name)]

    def range_address(self, choice: str) -> str:
        """This page for one of `ranges`."""
        days = dict.fromkeys(TIME)
        if choice == "today":
            return self.address(**days | {"today": True})
        if choice == "all":
            return self.address(**days | {"last": ALL_TIME})
        return self.address(**days | {"last": "" if choice == self.page.usual_range else choice})

    def ranges(self) -> list[Choice]:
        """The stretches of days that are offered."""
        wishes = self.asked.wishes(self.page.usual_range or ALL_TIME)
        now = "today" if wishes.today else wishes.last
        now = "all" if now == ALL_TIME else now
        return [Choice(value, label, value == now) for value, label in RANGES]

    @property
    def has_all_days(self) -> bool:
        """Whether all time is looked at: a longer one would show no more."""
        return any(choice.is_chosen for choice in self.ranges() if choice.value == "all")

    @property
    def is_new(self) -> bool:
        """Whether there was never anything to show."""
        return self.sight.is_new

    def choices(self, name: str) -> list[Choice]:
        """The values of a filter that are known."""
        values = self.sight.values(name)
        names = project_names(values) if name == "project" else {}
        label: Callable[[str], str] = model_name if name == "model" else clean
        found = [Choice(value, names.get(value) or label(value) or "(none)") for value in values if value]
        return sorted(found, key=lambda choice: choice.label.lower())

    def chips(self) -> list[Chip]:
        """The filters in force that are not seen at their place in the bar."""
        found = []
        for name, value in self.usage_in_force:
            rest = [each for each in getattr(self.asked, name) if each != value]
            label = model_name(value) if name == "model" else clean(value.rstrip("/").rpartition("/")[2] or value)
            found.append(Chip(title_of(name), label, self.address(**{name: rest})))
        return found


def title_of(name: str) -> str:
    """What people call a filter: cost center."""
    return name.replace("_", " ")
