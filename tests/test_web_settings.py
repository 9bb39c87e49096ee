"""Settings in the browser and over the API: changed, refused, kept apart between tabs, without a secret anywhere."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Machine
from tests.web_stage import QUIET_RULES, Dashboard, Reply, Visitor, fill, visiting
from tokentide import toml_edit

FILE = """\
# Mine, by hand.
timezone = "UTC"  # where I am
account_poll = false

# Own prices follow.
[prices."my-model"]
same_as = "claude-opus-5"
"""
SECRET = "hush4711THIS-MUST-NOT-APPEAR"
RULES = f"""\
# What I want to hear of.
{QUIET_RULES}
[[channel]]
kind = "apprise"
name = "team"
url = "slack://{SECRET}/B/C"   # theirs
enabled = false

[[channel]]
kind = "apprise"
name = "mine"
url = "env:NTFY_URL"
enabled = false

[[channel]]
kind = "command"
name = "shout"
command = ["notify.sh", "--token", "{SECRET}"]
enabled = false
"""
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    machine = Machine(tmp_path_factory.mktemp("settings"))
    fill(machine, days=3)
    with Dashboard(machine).serving() as dashboard:
        yield dashboard


@pytest.fixture
def dashboard(served: Dashboard) -> Dashboard:
    """The dashboard with the files as they stand above, in force."""
    if is_untouched(served):
        return served
    settings_path(served).write_text(FILE)
    rules_path(served).write_text(RULES)
    until(lambda: setting(served, "timezone")["value"] == "UTC" and setting(served, "plan")["value"] == "auto")
    until(lambda: "team" in served.ask("/api/v1/alerts/rules").text)
    time.sleep(1.1)  # the keeper looks for changes of files once a second
    return served


def settings_path(dashboard: Dashboard) -> Path:
    return dashboard.machine.root / "config" / "settings.toml"


def rules_path(dashboard: Dashboard) -> Path:
    return dashboard.machine.root / "config" / "alerts.toml"


def is_untouched(dashboard: Dashboard) -> bool:
    paths = settings_path(dashboard), rules_path(dashboard)
    return [path.read_text() for path in paths] == [FILE, RULES]


def until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.03)
    raise AssertionError("that did not come about")


def setting(dashboard: Dashboard, key: str) -> dict[str, Any]:
    found = dashboard.ask("/api/v1/settings").json()["settings"]
    return next(each for each in found if each["key"] == key)


def put(dashboard: Dashboard, changes: dict[str, object], **more: object) -> Reply:
    return dashboard.ask("/api/v1/settings", "PUT", JSON, json.dumps({"changes": changes, **more}).encode())


def post(dashboard: Dashboard, path: str, body: object, method: str = "POST") -> Reply:
    return dashboard.ask(f"/api/v1/alerts{path}", method, JSON, json.dumps(body).encode())


@pytest.fixture
def visitor(browser: Browser, dashboard: Dashboard) -> Iterator[Visitor]:
    with visiting(browser, dashboard) as visitor:
        visitor.open("/settings")
        expect(visitor.page.locator("#save-time")).to_be_enabled()
        yield visitor


def saved(page: Page, group: str) -> None:
    page.locator(f"#save-{group}").click()
    expect(page.locator(f"#{group} .said")).to_have_text("Saved")


def test_a_change_is_in_force_at_once_and_what_a_person_wrote_stays(dashboard: Dashboard) -> None:
    done = put(dashboard, {"timezone": "Europe/Berlin", "limit_thresholds": [40, 60, 95]})
    assert (done.status, done.json()["done"]) == (200, "changed timezone, limit_thresholds")
    assert setting(dashboard, "limit_thresholds") == {
        "key": "limit_thresholds",
        "value": [40, 60, 95],
        "default": [51, 81, 100],
        "origin": "file",
        "variable": None,
    }
    assert settings_path(dashboard).read_text() == FILE.replace('"UTC"', '"Europe/Berlin"').replace(
        "account_poll = false\n", "account_poll = false\nlimit_thresholds = [40, 60, 95]\n"
    )
    assert stat.S_IMODE(settings_path(dashboard).stat().st_mode) == 0o600
    assert 'value="40"' in dashboard.ask("/settings").text
    assert put(dashboard, {"limit_thresholds": None, "timezone": "UTC"}).status == 200
    assert settings_path(dashboard).read_text() == FILE


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone", "not known here"),
        ({"limit_thresholds": [60, 40, 95]}, "limit_thresholds", "ascending"),
        ({"plan": "max50"}, "plan", "must be one of auto"),
        ({"reset_hour": 24}, "reset_hour", "from 0 to 23"),
        ({"reset_hour": 1.5}, "reset_hour", "from 0 to 23"),
        ({"currency": "EUR"}, "currency", "needs usd_rate as well"),
        ({"currency": "EUR", "usd_rate": 0}, "usd_rate", "above 0"),
        ({"usd_rate_date": "yesterday"}, "usd_rate_date", "must be a day"),
        ({"claude_dirs": "x"}, "claude_dirs", "list of folders"),
        ({"claude_dirs": ["a\0b"]}, "claude_dirs", "list of folders"),
        ({"zone": "UTC"}, "zone", "unknown key"),
        ({"prices": None}, "prices", "by hand"),
        ({"statusline_segments": []}, "statusline_segments", "list of names"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name_and_nothing_is_written(
    dashboard: Dashboard, changes: dict[str, object], field: str, message: str
) -> None:
    done = put(dashboard, {"start_of_week": "sunday", **changes})
    assert (done.status, done.json()["field"]) == (422, field)
    assert message in done.json()["error"]
    assert settings_path(dashboard).read_text() == FILE


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "1" + "0" * 400, "1e300", "-0.0"])
def test_numbers_beyond_all_bounds_are_refused(dashboard: Dashboard, number: str) -> None:
    for key in ("live_refresh_seconds", "usd_rate", "custom_limit_tokens", "reset_hour", "limit_thresholds"):
        body = f'{{"changes": {{"{key}": {number}}}}}'.encode()
        assert dashboard.ask("/api/v1/settings", "PUT", JSON, body).status == 422, key
    for key in ("usd", "percent", "odds", "factor", "minutes"):
        body = f'{{"kind": "cost", "{key}": {number}}}'.encode()
        assert dashboard.ask("/api/v1/alerts/rules", "POST", JSON, body).status == 422, key
    assert (settings_path(dashboard).read_text(), rules_path(dashboard).read_text()) == (FILE, RULES)


def test_only_json_is_taken(dashboard: Dashboard) -> None:
    body = json.dumps({"changes": {"plan": "pro"}}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert dashboard.ask("/api/v1/settings", "PUT", {"content-type": kind}, body).status == 415
        assert dashboard.ask("/api/v1/alerts/rules", "POST", {"content-type": kind}, body).status == 415
    assert dashboard.ask("/api/v1/settings", "PUT", {}, body).status == 415
    foreign = {**JSON, "origin": "http://evil.example", "sec-fetch-site": "cross-site"}
    assert dashboard.ask("/api/v1/settings", "PUT", foreign, body).status == 403
    for text in (
        b"{",
        b"[]",
        b'{"changes": {}}',
        b'{"changes": {"plan": {"a": 1}}}',
        b'{"changes": {"plan": "\\ud800"}}',
    ):
        assert dashboard.ask("/api/v1/settings", "PUT", JSON, text).status == 422, text
    assert settings_path(dashboard).read_text() == FILE


def test_a_change_made_from_an_older_file_is_refused(dashboard: Dashboard) -> None:
    tag = dashboard.ask("/api/v1/settings").json()["tag"]
    assert put(dashboard, {"plan": "pro"}, made_from=tag).status == 200
    late = put(dashboard, {"plan": "max5"}, made_from=tag)
    assert late.status == 409
    assert "has changed meanwhile" in late.json()["error"]
    assert setting(dashboard, "plan")["value"] == "pro"


def test_a_file_that_is_broken_meanwhile_is_not_written(dashboard: Dashboard) -> None:
    settings_path(dashboard).write_text("timezone = [")
    done = put(dashboard, {"plan": "pro"})
    assert done.status == 422
    assert "no valid TOML" in done.json()["error"]
    assert settings_path(dashboard).read_text() == "timezone = ["
    assert dashboard.ask("/settings").status == 200


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such lock")
def test_who_keeps_the_lock_of_the_files_does_not_hold_up_pages(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(toml_edit, "LONGEST_WAIT_SECONDS", 0.2)
    descriptor = os.open(settings_path(dashboard).parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for _ in range(5):  # one more than there are threads
            done = put(dashboard, {"plan": "pro"})
            assert done.status == 422
            assert "another process" in done.json()["error"]
        assert dashboard.ask("/costs?last=2d").status == 200
    finally:
        os.close(descriptor)
    assert put(dashboard, {"plan": "pro"}).status == 200


def test_a_file_that_is_too_long_is_not_cut_off(dashboard: Dashboard) -> None:
    long = FILE + "# much\n" * 200_000
    settings_path(dashboard).write_text(long)
    done = put(dashboard, {"plan": "pro"})
    assert done.status == 422
    assert "longer than 1 MiB" in done.json()["error"]
    assert settings_path(dashboard).read_text() == long


def test_rules_that_cannot_be_read_are_told_of_and_hide_no_costs(dashboard: Dashboard) -> None:
    rules_path(dashboard).write_text("[[rule]\n")
    until(lambda: "no valid TOML" in dashboard.ask("/api/v1/status").text)
    told = dashboard.ask("/costs")
    assert told.status == 200
    assert "alerts.toml: no valid TOML" in told.text


def test_a_person_changes_settings_in_the_browser(visitor: Visitor) -> None:
    page, dashboard = visitor.page, visitor.dashboard
    page.locator("#set-timezone").fill("Europe/Berlin")
    page.locator("#set-start_of_week").select_option("sunday")
    page.locator("#set-reset_hour").fill("4")
    saved(page, "time")
    page.locator("#limits .thresholds input").nth(0).fill("45")
    assert page.locator("#limits .preview .raised").get_attribute("x") == "45"
    page.locator("#set-plan").select_option("max5")
    page.locator("#set-custom_limit_tokens").fill("90000")
    saved(page, "limits")
    page.locator("#set-claude_dirs").fill("~/.claude-work\n\n ~/more \n")
    saved(page, "sources")
    page.locator("#advice input[value=batch]").uncheck()
    saved(page, "advice")
    page.locator("#surfaces button[aria-label='effort: earlier']").click()
    page.locator("#surfaces input[value=odds]").uncheck()
    page.locator("#set-live_refresh_seconds").fill("2.5")
    saved(page, "surfaces")
    found = tomllib.loads(settings_path(dashboard).read_text())
    assert found.pop("statusline_segments")[:3] == ["effort", "model", "five_hour"]
    assert found == {
        "timezone": "Europe/Berlin",
        "account_poll": False,
        "start_of_week": "sunday",
        "reset_hour": 4,
        "limit_thresholds": [45, 81, 100],
        "plan": "max5",
        "custom_limit_tokens": 90000,
        "claude_dirs": ["~/.claude-work", "~/more"],
        "advice_off": ["batch"],
        "live_refresh_seconds": 2.5,
        "prices": {"my-model": {"same_as": "claude-opus-5"}},
    }
    assert "# where I am" in settings_path(dashboard).read_text()
    visitor.open("/settings")
    expect(page.locator("#set-timezone")).to_have_value("Europe/Berlin")
    expect(page.locator("#time .now")).to_contain_text("Europe/Berlin")
    expect(page.locator("#set-claude_dirs")).to_have_value("~/.claude-work\n~/more")
    expect(page.locator("#advice input[value=batch]")).not_to_be_checked()
    page.locator("#time [data-key=reset_hour] [data-reset]").click()
    expect(page.locator("#set-reset_hour")).to_have_value("0")
    assert "reset_hour" not in settings_path(dashboard).read_text()
    page.locator("#set-custom_limit_tokens").fill("")
    saved(page, "limits")
    assert "custom_limit_tokens" not in settings_path(dashboard).read_text()
    assert visitor.complaints == []


def test_what_is_wrong_is_told_at_its_field(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#set-timezone").fill("Mars/Olympus")
    page.locator("#save-time").click()
    wrong = page.locator("#set-timezone-wrong")
    expect(wrong).to_contain_text("is not known here")
    expect(page.locator("#set-timezone")).to_be_focused()
    expect(page.locator("#set-timezone")).to_have_attribute("aria-invalid", "true")
    page.locator("#set-timezone").fill("Asia/Tokyo")
    saved(page, "time")
    expect(wrong).to_be_empty()
    page.locator("#limits .thresholds input").nth(1).fill("10")
    page.locator("#save-limits").click()
    expect(page.locator("#set-limit_thresholds-wrong")).to_contain_text("ascending")


def test_the_second_of_two_tabs_is_told_that_the_file_has_changed(visitor: Visitor) -> None:
    other = visitor.context.new_page()
    other.goto(visitor.dashboard.address + "/settings")
    other.locator("#set-plan").select_option("pro")
    visitor.page.locator("#set-plan").select_option("max20")
    saved(visitor.page, "limits")
    other.wait_for_timeout(2500)  # live changes must not empty what is being filled in
    expect(other.locator("#set-plan")).to_have_value("pro")
    other.locator("#save-limits").click()
    expect(other.locator("#limits .wrong[data-form]")).to_contain_text("has changed meanwhile")
    assert 'plan = "max20"' in settings_path(visitor.dashboard).read_text()
    other.get_by_role("button", name="Show what it says now").click()
    expect(other.locator("#set-plan")).to_have_value("max20")


def test_the_keyboard_alone_is_enough(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#set-start_of_week").focus()
    page.keyboard.type("Sun")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#save-time")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#time .said")).to_have_text("Saved")
    expect(page.locator("#save-time")).to_be_focused()
    assert 'start_of_week = "sunday"' in settings_path(visitor.dashboard).read_text()
    page.locator("[data-switch=rules][data-name=odds]").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-switch=rules][data-name=odds]")).not_to_be_checked()
    until(lambda: "odds-off" in rules_path(visitor.dashboard).read_text())
    expect(page.locator("[data-switch=rules][data-name=odds]")).to_be_focused()


def test_without_scripts_the_settings_are_shown_and_how_to_change_them(browser: Browser, dashboard: Dashboard) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(dashboard.address + "/settings")
        expect(page.locator("noscript p.notice")).to_contain_text("tokentide config set")
        expect(page.locator("#set-timezone")).to_have_value("UTC")
        expect(page.locator("#set-timezone")).to_be_disabled()
        expect(page.locator("#save-time")).to_be_hidden()
    finally:
        context.close()


def test_rules_of_cost_are_added_switched_and_removed(visitor: Visitor) -> None:
    page, dashboard = visitor.page, visitor.dashboard
    form = page.locator("form[data-add=cost]")
    form.locator("[name=usd]").fill("12.5")
    form.locator("[name=per]").select_option("week")
    form.get_by_role("button", name="Add").click()
    row = page.locator("#alerts tr", has_text="$12.50 a week")
    expect(row).to_be_visible()
    assert 'kind = "cost"\nper = "week"\nusd = [12.5]\n' in rules_path(dashboard).read_text()
    assert "$12.50 a week" in dashboard.ask("/costs?grain=week").text
    page.locator("[data-switch=rules][data-name=cost]").uncheck()
    expect(page.locator("#alerts tr.off")).to_contain_text("cost")
    assert "enabled = false" in rules_path(dashboard).read_text().rpartition("[[rule]]")[2]
    assert "$12.50 a week" not in dashboard.ask("/costs?grain=week").text
    page.locator("[data-switch=rules][data-name=cost]").check()
    page.get_by_role("button", name="Remove cost").click()
    expect(row).to_have_count(0)
    assert rules_path(dashboard).read_text().rstrip() == RULES.rstrip()
    form.locator("[name=usd]").fill("-3")
    form.get_by_role("button", name="Add").click()
    expect(form.locator(".wrong")).to_contain_text("amounts above 0")
    assert [each for each in visitor.complaints if "422" not in each] == []


def test_defaults_and_channels_are_switched_and_quiet_hours_kept(visitor: Visitor) -> None:
    page, dashboard = visitor.page, visitor.dashboard
    page.locator("[data-switch=rules][data-name=odds]").uncheck()
    until(lambda: 'name = "odds-off"\nenabled = false' in rules_path(dashboard).read_text())
    expect(page.locator("[data-switch=rules][data-name=odds]")).not_to_be_checked()
    page.locator("[data-switch=rules][data-name=odds]").check()
    until(lambda: "odds-off" not in rules_path(dashboard).read_text())
    page.locator("[data-switch=channels][data-name=bell]").uncheck()
    until(lambda: "bell-off" in rules_path(dashboard).read_text())
    page.locator("[data-switch=channels][data-name=desktop]").check()
    until(lambda: tomllib.loads(rules_path(dashboard).read_text())["channel"][0] == {"kind": "desktop"})
    expect(page.locator("#channels tr:not(.off) [data-switch][data-name=desktop]")).to_be_checked()
    page.locator("[data-switch=channels][data-name=desktop]").uncheck()
    until(lambda: "enabled" in tomllib.loads(rules_path(dashboard).read_text())["channel"][0])
    page.locator("#quiet-hours").fill("22:00-07:00, 12:00-13:00")
    page.locator("#quiet input[value=sunday]").check()
    page.locator("#quiet input[name=critical]").check()
    page.locator("#save-quiet").click()
    expect(page.locator("#quiet > p")).to_contain_text("22:00–07:00, 12:00–13:00, Sundays; critical ones pass")
    kept = tomllib.loads(rules_path(dashboard).read_text())
    assert kept["quiet_hours"] == ["22:00-07:00", "12:00-13:00"]
    assert (kept["quiet_days"], kept["critical_passes"]) == (["sunday"], True)
    page.locator("#quiet-hours").fill("25:00")
    page.locator("#save-quiet").click()
    expect(page.locator("#quiet .wrong")).to_contain_text("span of the day")


def test_a_snooze_begins_and_ends(visitor: Visitor) -> None:
    page = visitor.page
    page.locator("#snooze [name=rule]").select_option("odds")
    page.get_by_role("button", name="Snooze").click()
    expect(page.locator(".snoozes li")).to_contain_text("odds until 13:00")
    page.get_by_role("button", name="End").click()
    expect(page.locator(".snoozes")).to_have_count(0)
    assert post(visitor.dashboard, "/snoozes", {"span": "90d"}).status == 422
    assert post(visitor.dashboard, "/snoozes", {"span": "1h", "rule": "nothing"}).status == 422


def test_no_secret_is_on_a_page_or_in_an_answer(dashboard: Dashboard) -> None:
    for path in ("/settings", "/data", "/api/v1/settings", "/api/v1/alerts/rules", "/api/v1/doctor", "/api/v1/alerts"):
        answer = dashboard.ask(path)
        assert answer.status == 200
        assert SECRET not in answer.text
    assert "slack://…" in dashboard.ask("/settings").text
    assert SECRET not in post(dashboard, "/rules", {"kind": "odds", "odds": 7}).text
    switched = post(dashboard, "/channels/team", {"enabled": True}, "PUT")
    assert (switched.status, switched.json()["done"]) == (200, "switched team on")
    assert post(dashboard, "/channels/team", {"enabled": False}, "PUT").status == 200
    assert f'url = "slack://{SECRET}/B/C"   # theirs' in rules_path(dashboard).read_text()


def test_no_address_and_no_program_is_taken_from_a_page(dashboard: Dashboard) -> None:
    for body in ({"kind": "apprise", "url": "json://evil.example"}, {"kind": "command", "command": ["sh"]}):
        assert post(dashboard, "/channels", body).status in (404, 405)
        assert post(dashboard, "/rules", body).status == 422
    assert rules_path(dashboard).read_text() == RULES


@pytest.mark.parametrize("name", ["nobody", "../../settings", "%2e%2e", 'a"b', "<script>"])
def test_what_is_not_there_is_not_changed(dashboard: Dashboard, name: str) -> None:
    from urllib.parse import quote

    done = post(dashboard, f"/rules/{quote(name, safe='')}", {"enabled": False}, "PUT")
    assert done.status in (404, 422)
    assert rules_path(dashboard).read_text() == RULES
    assert settings_path(dashboard).read_text() == FILE


def test_two_who_change_the_rules_do_not_undo_each_other(dashboard: Dashboard) -> None:
    page = dashboard.ask("/settings").text
    tag = page.partition('data-alerts="')[2].partition('"')[0]
    assert post(dashboard, "/rules", {"kind": "cost", "usd": 5, "made_from": tag}).status == 200
    late = post(dashboard, "/rules", {"kind": "cost", "usd": 6, "made_from": tag})
    assert late.status == 409
    assert dashboard.ask(f"/api/v1/alerts/rules/cost?made_from={tag}", "DELETE").status == 409
    assert dashboard.ask("/api/v1/alerts/rules/cost", "DELETE").json()["done"] == "removed cost"


def test_what_the_environment_sets_cannot_be_changed_here(tmp_path: Path, browser: Browser) -> None:
    machine = Machine(tmp_path)
    fill(machine, days=1)
    machine.environ["TOKENTIDE_TIMEZONE"] = "Asia/Tokyo"
    with Dashboard(machine).serving() as dashboard:
        assert setting(dashboard, "timezone")["origin"] == "environment"
        done = put(dashboard, {"timezone": "UTC"})
        assert (done.status, done.json()["field"]) == (422, "timezone")
        assert "TOKENTIDE_TIMEZONE" in done.json()["error"]
        with visiting(browser, dashboard) as visitor:
            visitor.open("/settings")
            expect(visitor.page.locator("#set-timezone")).to_be_disabled()
            expect(visitor.page.locator("[data-key=timezone]")).to_contain_text("Set by $TOKENTIDE_TIMEZONE")
            visitor.page.locator("#set-start_of_week").select_option("sunday")
            saved(visitor.page, "time")


def test_amounts_are_shown_in_the_currency_of_the_settings(visitor: Visitor) -> None:
    page, dashboard = visitor.page, visitor.dashboard
    before = dashboard.ask("/api/v1/daily").body
    usd = dashboard.ask("/api/v1/overview").json()
    page.locator("#set-currency").fill("eur")
    page.locator("#set-usd_rate").fill("2")
    page.locator("#set-usd_rate_date").fill("2026-03-01")
    saved(page, "money")
    visitor.open("/costs?last=9999m")
    expect(page.locator("#currency")).to_have_text(
        "Amounts in EUR at your rate of 2026-03-01: 1 USD is 2 EUR. Downloads and the API are in USD."
    )
    total = dashboard.ask("/api/v1/daily").json()["totals"]["cost_usd"]
    expect(page.locator("tfoot td").last).to_have_text(f"€{round(2 * total, 2):,.2f}")
    drawn = page.evaluate(
        "document.querySelector('.chart .canvas').data.flatMap((each) => each.y).reduce((a, b) => a + b, 0)"
    )
    assert drawn == pytest.approx(2 * total)
    assert page.evaluate("document.querySelector('.chart .canvas').layout.yaxis.tickprefix") == "€"
    assert "$" not in page.locator("#main").inner_text()
    assert dashboard.ask("/api/v1/daily").body.partition(b'"rows"')[2] == before.partition(b'"rows"')[2]
    assert dashboard.ask("/api/v1/overview").json()["this_month"] == usd["this_month"] if "this_month" in usd else True
    visitor.open("/settings")
    expect(page.locator("#set-currency")).to_have_value("EUR")
    assert visitor.complaints == []
