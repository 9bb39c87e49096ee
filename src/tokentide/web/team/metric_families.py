"""What a team's meters say, as families of metrics: bounded in number, counters that do not fall."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from threading import Lock

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from tokentide.analytics.team.desk import Keys
from tokentide.analytics.team.meters import Histogram, Meter, Metered, TeamMeters
from tokentide.model.latency import PER_DOUBLING
from tokentide.web.metrics.memory import HighWater, Names, names_as_they_are

PREFIX = "tokentide_team_"
MOST = {"team": 100, "user": 2_000, "model": 50, "tool": 100, "name": 300}
"""Values of a label that have series; MOST_OF_OTHERS of any other. As many again may join while the server runs."""
MOST_OF_OTHERS = 60
BOUNDS_MS = tuple(2 ** (half / 2) for half in range(8, 39))
"""Of histograms: from 16 ms to nine minutes, two to a doubling; at each a bucket of tokentide.model.latency ends."""


class TeamFamilies:
    """The counters of one viewer's scope; they live as long as the server."""

    def __init__(self) -> None:
        self._names: dict[str, Names] = {}
        self._left_out: Counter[str] = Counter()
        self._marks = HighWater()
        self._lock = Lock()

    def of(self, meters: TeamMeters) -> list[Metric]:
        """All families; from any thread."""
        with self._lock:
            self._left_out.clear()
            self._marks.begin(sum(_rows_of(meters, "responses").values()))
            return [*self._counters(meters), *map(self._histogram, meters.histograms), *self._now(meters)]

    def _counters(self, meters: TeamMeters) -> Iterator[Metric]:
        families: dict[str, CounterMetricFamily] = {}
        for metered in meters.counters:
            meter = metered.meter
            if meter.name not in families:
                families[meter.name] = CounterMetricFamily(PREFIX + meter.name, meter.told, labels=[*meter.label_names])
            self._fill(families[meter.name], metered)
        yield from families.values()

    def _fill(self, family: CounterMetricFamily, metered: Metered) -> None:
        meter = metered.meter
        for keys, value in self._named(meter, metered.rows).items():
            family.add_metric(keys, self._marks.at_least((meter.name, *keys), value / meter.unit))

    def _named(self, meter: Meter, rows: Mapping[Keys, int]) -> dict[Keys, int]:
        """The rows of which every label has a name that has series."""
        return self._renamed(meter.label_names, rows, tuple(meter.labels))

    def _renamed(self, labels: tuple[str, ...], rows: Mapping[Keys, int], bounded: tuple[str, ...]) -> dict[Keys, int]:
        names: dict[int, Mapping[str, str]] = {}
        for place, name in enumerate(labels):
            if name not in bounded:
                continue
            weights: Counter[str] = Counter()
            for keys, value in rows.items():
                weights[keys[place]] += value
            names[place] = self._of(name, weights)
        found: Counter[Keys] = Counter()
        for keys, value in rows.items():
            if all(keys[place] in known for place, known in names.items()):
                found[tuple(names[place][key] if place in names else key for place, key in enumerate(keys))] += value
        return found

    def _of(self, name: str, weights: Mapping[str, int]) -> Mapping[str, str]:
        """The names of a label's values. What is not told is told as an empty value, which costs no name."""
        most = MOST.get(name, MOST_OF_OTHERS)
        names = self._names.setdefault(name, names_as_they_are(most, 2 * most))
        known = names.of({key: weight for key, weight in weights.items() if key})
        self._left_out[name] = max(self._left_out[name], names.left_out)
        return {**known, "": ""}

    def _histogram(self, histogram: Histogram) -> Metric:
        """Cumulative counts at bounds that are ends of our buckets, so that they are exact."""
        family = HistogramMetricFamily(PREFIX + histogram.name, histogram.told, labels=histogram.labels)
        totals = {keys: sum(counts.values()) for keys, counts in histogram.counts.items()}
        for keys in self._renamed(histogram.labels, totals, histogram.labels):
            counts = histogram.counts.get(keys)
            if counts is None:  # another value has this name once it was cleaned
                continue
            family.add_metric(keys, self._buckets(histogram, keys, counts), histogram.seconds(keys))
        return family

    def _buckets(self, histogram: Histogram, keys: Keys, counts: Mapping[int, int]) -> list[tuple[str, float]]:
        found = cumulative(counts)
        return [(bound, self._marks.at_least((histogram.name, *keys, bound), reached)) for bound, reached in found]

    def _now(self, meters: TeamMeters) -> Iterator[Metric]:
        """How it stands now."""
        users = GaugeMetricFamily(f"{PREFIX}active_users", "People active, by how far back.", labels=("window",))
        for window, count in meters.active_users.items():
            users.add_metric((window,), count)
        teams = GaugeMetricFamily(f"{PREFIX}team_active_users", "People active by team.", labels=("team", "window"))
        known = self._of("team", {team: count for (team, _), count in meters.active_by_team.items()})
        for (team, window), count in meters.active_by_team.items():
            if team in known:
                teams.add_metric((known[team], window), count)
        sessions = GaugeMetricFamily(f"{PREFIX}active_sessions", "Sessions of the last hour.", labels=("team",))
        for team, count in meters.active_sessions.items():
            if team in known:
                sessions.add_metric((known[team],), count)
        yield from (users, teams, sessions, self._versions(meters), self._left())

    def _versions(self, meters: TeamMeters) -> Metric:
        family = GaugeMetricFamily(
            f"{PREFIX}version_users", "People by version of the client, of seven days.", labels=("version",)
        )
        for version, name in self._of("version", meters.version_users).items():
            if version:
                family.add_metric((name,), meters.version_users[version])
        return family

    def _left(self) -> Metric:
        family = GaugeMetricFamily(
            f"{PREFIX}left_out",
            "Values of a label that have no series, so that there are not too many.",
            labels=("label",),
        )
        for name, count in sorted(self._left_out.items()):
            family.add_metric((name,), count)
        return family


def cumulative(counts: Mapping[int, int]) -> list[tuple[str, float]]:
    """How many lasted at most so long, by bounds in seconds as Prometheus writes them; the last is +Inf."""
    ends = [round(PER_DOUBLING * half / 2) for half in range(8, 39)]
    reached = [sum(count for bucket, count in counts.items() if bucket < end) for end in ends]
    told = [(f"{bound / 1000:.6g}", float(count)) for bound, count in zip(BOUNDS_MS, reached, strict=True)]
    return [*told, ("+Inf", float(sum(counts.values())))]


def _rows_of(meters: TeamMeters, name: str) -> Mapping[Keys, int]:
    return next(metered.rows for metered in meters.counters if metered.meter.name == name)
