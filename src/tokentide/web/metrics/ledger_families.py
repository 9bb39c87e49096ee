"""What the ledger says, as families of metrics: usage, limits, forecasts, burn rate, alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tokentide.analytics.burn import Burn
from tokentide.analytics.forecasting.model import Forecast, WindowForecast
from tokentide.analytics.limits import AccountLimits
from tokentide.analytics.live import Spent
from tokentide.analytics.meters import Meters, UsageMeters
from tokentide.analytics.windows import WindowState
from tokentide.model.alerts import Alert
from tokentide.model.limits import Account
from tokentide.render.limit_words import plan_name
from tokentide.store.query import Sums
from tokentide.web.metrics.memory import HighWater, label, names_as_they_are, names_of_projects

NANO = 10**9
MICRO = 10**6
WINDOW = ("account", "window", "is_estimate")
TOKENS: tuple[tuple[str, Callable[[Sums], int]], ...] = (
    ("input", lambda sums: sums.input_tokens),
    ("output", lambda sums: sums.output_tokens),
    ("cache_creation_5m", lambda sums: sums.cache_creation_5m_tokens),
    ("cache_creation_1h", lambda sums: sums.cache_creation_1h_tokens),
    ("cache_read", lambda sums: sums.cache_read_tokens),
)
"""Values of the label `type`, with what they count."""


class UsageFamilies:
    """Counters of usage; they live as long as the server, one thread at a time."""

    def __init__(self) -> None:
        self._models, self._projects = names_as_they_are(), names_of_projects()
        self._marks = HighWater()

    def of(self, usage: UsageMeters) -> Iterator[Metric]:
        """By model, and by project."""
        self._marks.begin(usage.responses)
        yield from self._by_model(usage)
        yield from self._by_project(usage)
        left_out = GaugeMetricFamily(
            "tokentide_projects_left_out", "Projects that have no series of their own, so that there are not too many."
        )
        left_out.add_metric([], self._projects.left_out)
        yield left_out

    def _by_model(self, usage: UsageMeters) -> Iterator[Metric]:
        tokens = CounterMetricFamily("tokentide_tokens", "Tokens by model and type.", labels=("model", "type"))
        cost = CounterMetricFamily("tokentide_cost_usd", "Cost in USD by model.", labels=("model",))
        responses = CounterMetricFamily("tokentide_responses", "Responses by model.", labels=("model",))
        unpriced = GaugeMetricFamily(
            "tokentide_unpriced_responses", "Responses that no price is known of, by model.", labels=("model",)
        )
        for key, name in self._models.of(_costs(usage.by_model)).items():
            sums = usage.by_model[key]
            for kind, count in TOKENS:
                self._count(tokens, (name, kind), count(sums))
            self._count(cost, (name,), sums.cost / NANO)
            self._count(responses, (name,), sums.responses)
            unpriced.add_metric((name,), sums.unpriced_responses)
        yield from (tokens, cost, responses, unpriced)

    def _by_project(self, usage: UsageMeters) -> Iterator[Metric]:
        tokens = CounterMetricFamily("tokentide_project_tokens", "Tokens by project.", labels=("project",))
        cost = CounterMetricFamily("tokentide_project_cost_usd", "Cost in USD by project.", labels=("project",))
        for key, name in self._projects.of(_costs(usage.by_project)).items():
            self._count(tokens, (name,), usage.by_project[key].total_tokens)
            self._count(cost, (name,), usage.by_project[key].cost / NANO)
        yield from (tokens, cost)

    def _count(self, family: CounterMetricFamily, labels: tuple[str, ...], value: float) -> None:
        family.add_metric(labels, self._marks.at_least((family.name, *labels), value))


def _costs(usage: Mapping[str, Sums]) -> dict[str, int]:
    """What usage cost: the dearest is named first."""
    return {key: sums.cost for key, sums in usage.items()}


@dataclass(frozen=True, slots=True)
class AccountLabels:
    """How accounts are called: a short id that tells nobody who it is; the name before it where that was asked for."""

    is_named: bool = False

    def of(self, account: Account) -> str:
        """The value of the label `account`."""
        if self.is_named:
            return f"{label(account.name)} ({account_id(account)})"
        return account_id(account)


def account_id(account: Account) -> str:
    """Eight hexadecimal digits, the same as long as the account is."""
    return blake2b(account.key.encode("utf-8", "replace"), digest_size=4, person=b"tokentide").hexdigest()


def state_families(meters: Meters, labels: AccountLabels, now: int) -> Iterator[Metric]:
    """Gauges of how it stands now: limits, what is expected of them, burn rate, cost by the calendar."""
    yield from _accounts(meters.limits, labels)
    yield from _windows(meters.limits, labels, now)
    yield from _forecasts(meters, labels, now)
    yield from _burn(meters.burn)
    yield _spent(meters.spent)
    newest = GaugeMetricFamily("tokentide_last_response_timestamp_seconds", "When the newest response was.")
    if meters.newest_at is not None:
        newest.add_metric([], meters.newest_at / MICRO)
    yield newest


def alert_family(raised: Iterable[Alert]) -> Metric:
    """The alerts that are raised now."""
    found: dict[tuple[str, str], int] = {}
    for alert in raised:
        found[alert.rule, alert.severity] = found.get((alert.rule, alert.severity), 0) + 1
    family = GaugeMetricFamily("tokentide_alerts_raised", "Alerts raised now.", labels=("rule", "severity"))
    for key, count in sorted(found.items()):
        family.add_metric(key, count)
    return family


def _accounts(found: Iterable[AccountLimits], labels: AccountLabels) -> Iterator[Metric]:
    info = GaugeMetricFamily("tokentide_account_info", "An account and its plan; always 1.", labels=("account", "plan"))
    answered = GaugeMetricFamily(
        "tokentide_account_answer_timestamp_seconds",
        "When the account itself last told its limits.",
        labels=("account",),
    )
    failures = GaugeMetricFamily(
        "tokentide_account_failures", "How often in a row the account did not answer.", labels=("account",)
    )
    for limits in found:
        name = labels.of(limits.account)
        info.add_metric((name, label(plan_name(limits.profile)) if limits.profile else ""), 1)
        failures.add_metric((name,), limits.polled.failures)
        if limits.polled.good_at:
            answered.add_metric((name,), limits.polled.good_at / MICRO)
    yield from (info, answered, failures)


def _windows(found: Iterable[AccountLimits], labels: AccountLabels, now: int) -> Iterator[Metric]:
    """What is known of windows. One whose reset has passed has no ratio: that was the old window's."""
    used = GaugeMetricFamily("tokentide_window_used_ratio", "Share of a limit's window that is used.", labels=WINDOW)
    reset = GaugeMetricFamily("tokentide_window_reset_timestamp_seconds", "When the window ends.", labels=WINDOW)
    told = GaugeMetricFamily(
        "tokentide_window_reading_timestamp_seconds", "When the window was last told of.", labels=WINDOW
    )
    for limits in found:
        for window in limits.windows:
            key = _key(labels.of(limits.account), window.window, is_estimate=window.is_estimate)
            told.add_metric(key, window.observed_at / MICRO)
            if window.percent is not None and not window.is_over(now):
                used.add_metric(key, window.percent / 100)
            if window.resets_at is not None:
                reset.add_metric(key, window.resets_at / MICRO)
    yield from (used, reset, told)


def _forecasts(meters: Meters, labels: AccountLabels, now: int) -> Iterator[Metric]:
    odds = GaugeMetricFamily(
        "tokentide_window_full_odds_ratio", "Odds that the window is full before its reset, 0 to 1.", labels=WINDOW
    )
    full = GaugeMetricFamily(
        "tokentide_window_full_timestamp_seconds", "When the window is full, if it is, most likely.", labels=WINDOW
    )
    expected = GaugeMetricFamily(
        "tokentide_window_expected_used_ratio",
        "Share that is expected to be asked for by the reset; above 1 is more than there is.",
        labels=WINDOW,
    )
    for account, window, forecast in _expected(meters, now):
        key = _key(labels.of(account), window.window, is_estimate=window.is_estimate)
        if forecast.odds is not None:
            odds.add_metric(key, forecast.odds)
        if forecast.hits_at is not None:
            full.add_metric(key, forecast.hits_at.likely / MICRO)
        if forecast.at_reset is not None:
            expected.add_metric(key, forecast.at_reset.likely / 100)
    yield from (odds, full, expected)


def _expected(meters: Meters, now: int) -> Iterator[tuple[Account, WindowState, WindowForecast]]:
    """The open windows that have a forecast."""
    for limits in meters.limits:
        forecast: Forecast | None = meters.forecasts.get(limits.account.key)
        for window in limits.windows:
            found = None if forecast is None or window.is_over(now) else forecast.of(window.window)
            if found is not None:
                yield limits.account, window, found


def _burn(burn: Burn) -> Iterator[Metric]:
    """How fast it burns."""
    cost = GaugeMetricFamily("tokentide_burn_usd_per_hour", "Cost of the last hour in USD.")
    cost.add_metric([], burn.hour.cost_per_hour / NANO)
    tokens = GaugeMetricFamily("tokentide_burn_tokens_per_minute", "Tokens a minute within the last hour.")
    tokens.add_metric([], burn.hour.tokens_per_minute)
    sessions = GaugeMetricFamily("tokentide_sessions_running", "Sessions that responded within the last hour.")
    sessions.add_metric([], len(burn.sessions))
    yield from (cost, tokens, sessions)


def _spent(spent: Iterable[Spent]) -> Metric:
    family = GaugeMetricFamily(
        "tokentide_period_cost_usd", "Cost in USD of this day, week and month so far.", labels=("period",)
    )
    for each in spent:
        family.add_metric(("day" if each.name == "today" else each.name,), each.sums.cost / NANO)
    return family


def _key(account: str, window: str, *, is_estimate: bool) -> tuple[str, str, str]:
    return account, label(window), str(is_estimate).lower()
