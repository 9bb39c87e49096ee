"""Forecasts of nonsense: any readings and records that a ledger can hold have an answer, and the answer makes sense."""

from __future__ import annotations

from bench.histories import BEGIN, NANO_USD_PER_OUTPUT_TOKEN, PERSONAS, WHO, make_history
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentide.analytics.calendar import Calendar
from tokentide.analytics.forecasting.backtest import replay
from tokentide.analytics.forecasting.forecast import forecast_account
from tokentide.analytics.forecasting.latest import from_text, to_text
from tokentide.analytics.forecasting.made_up_limits import made_up_evidence
from tokentide.analytics.forecasting.reading import read_evidence
from tokentide.analytics.limits import read_limits
from tokentide.analytics.plans import PlanWish
from tokentide.clock import DAY_US, HOUR_US, MINUTE_US
from tokentide.model.batch import Batch
from tokentide.model.limits import SOURCES, LimitReading
from tokentide.model.merging import Portion
from tokentide.model.usage import Place, UsageRecord
from tokentide.render.forecast_json import forecasts_json
from tokentide.render.forecast_screen import forecast_lines
from tokentide.render.limits_screen import LimitsLook
from tokentide.store.sqlite.ledger import Ledger

NOW = BEGIN + 17 * DAY_US + 13 * HOUR_US
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")

LIFE = make_history(PERSONAS[1], 9, weeks=3)
"""A real life, into which the nonsense is mixed."""
instants = st.integers(0, 22 * 24 * 60).map(lambda minutes: BEGIN + minutes * MINUTE_US)
windows = st.sampled_from(["five_hour", "seven_day", "seven_day_opus", "extra_usage", "nimbus"])
readings = st.builds(
    lambda window, source, at, percent, ahead, lasts: LimitReading(
        WHO.key, window, source, at, percent, None if ahead is None else at + ahead * HOUR_US, seen_at=at + lasts
    ),
    windows,
    st.sampled_from(SOURCES),
    instants,
    st.none() | st.integers(0, 100).map(float) | st.sampled_from([0.0, 99.6, 103.0, 1000.0]),
    st.none() | st.integers(-3, 170),
    st.integers(0, 2 * HOUR_US),
)
records = st.tuples(instants, st.integers(0, 400_000))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(readings, max_size=40),
    st.lists(records, max_size=40),
    st.sampled_from(ZONES),
    instants | st.just(NOW),
    st.booleans(),
)
def test_any_ledger_has_a_forecast_that_makes_sense(
    said: list[LimitReading], spent: list[tuple[int, int]], zone: str, now: int, has_life: bool
) -> None:
    said, made = said + (LIFE.readings if has_life else []), LIFE.records if has_life else []
    made = made + [
        UsageRecord(f"n{number}", f"q{number}", at, 0, "claude-opus-5", 0, tokens)
        for number, (at, tokens) in enumerate(spent)
    ]
    portion = Portion()
    portion.add(Batch([Place("claude_code", WHO.name, "s1", BEGIN, "/srv")], made))
    calendar = Calendar(zone)
    with Ledger.open(":memory:") as ledger:
        with ledger.intake(lambda record: record.output_tokens * NANO_USD_PER_OUTPUT_TOKEN) as intake:
            intake.take(portion)
        ledger.limits.take([WHO], sorted(said, key=lambda reading: reading.at))
        for limits in read_limits(ledger, now=now, wish=PlanWish("pro")):
            forecast = forecast_account(ledger, limits, calendar, now=now)
            for each in forecast.windows:
                assert each.odds is None or 0 < each.odds <= 1
                assert (each.odds is None) == bool(each.abstains)
                if each.hits_at is not None:
                    assert now <= each.hits_at.low <= each.hits_at.likely <= each.hits_at.high
                    assert each.resets_at is not None
                    assert each.hits_at.high <= each.resets_at + MINUTE_US
                if each.at_reset is not None and each.percent is not None:
                    assert each.percent - 0.001 <= each.at_reset.low <= each.at_reset.likely <= each.at_reset.high
            assert from_text(to_text(forecast), limits.account) == forecast
            assert forecasts_json([forecast], timezone=zone, now=now)
            assert [*forecast_lines(forecast, LimitsLook(calendar, (51, 81, 100), 40, now))]
        evidence = read_evidence(ledger, WHO, now=now, exact_us=60 * DAY_US)
        since = now - 2 * DAY_US
        for history in (evidence, *made_up_evidence(evidence.spending, begin=evidence.begin, now=now)):
            replay(history, calendar, since=since, now=now)
