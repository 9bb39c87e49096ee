"""Settings: flag, environment, file, default; and what is wrong with a file."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import Machine, usage_line
from tokentide.errors import SettingsError, TokentideError
from tokentide.model.prices import PriceOverride
from tokentide.settings import Settings, load_settings


def load(tmp_path: Path, text: str | bytes, **environ: str) -> Settings:
    path = tmp_path / "settings.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings(str(path), environ)


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert load_settings(str(tmp_path / "none.toml"), {}) == Settings()


def test_every_setting_is_read(tmp_path: Path) -> None:
    text = """
timezone = "Europe/Berlin"
start_of_week = "Sunday"
cost_mode = "calculate"
claude_dirs = ["~/.claude-work"]
default_dirs = false
limit_thresholds = [40, 60, 95]
account_poll = false
statusline_segments = ["week", "model", "week"]
statusline_sync = false
advice_off = ["re-reads", "batch", "re-reads"]
currency = "eur"
usd_rate = 0.92
usd_rate_date = 2026-03-01
[prices."my-model"]
input_usd_per_mtok = 3
output_usd_per_mtok = 15.5
[prices.other]
same_as = "claude-opus-5"
"""
    assert load(tmp_path, text) == Settings(
        timezone="Europe/Berlin",
        start_of_week="sunday",
        cost_mode="calculate",
        claude_dirs=("~/.claude-work",),
        default_dirs=False,
        limit_thresholds=(40, 60, 95),
        account_poll=False,
        statusline_segments=("week", "model"),
        statusline_sync=False,
        advice_off=("re-reads", "batch"),
        currency="EUR",
        usd_rate=Decimal("0.92"),
        usd_rate_date="2026-03-01",
        prices={
            "my-model": PriceOverride(Decimal(3), Decimal("15.5")),
            "other": PriceOverride(same_as="claude-opus-5"),
        },
    )


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, 'timezone = "UTC"', TOKENTIDE_TIMEZONE="Asia/Tokyo").timezone == "Asia/Tokyo"
    with pytest.raises(SettingsError, match="TOKENTIDE_COST_MODE"):
        load(tmp_path, "", TOKENTIDE_COST_MODE="cheap")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timezon = 1", "timezon: unknown key; did you mean timezone"),
        ("zzz = 1", "zzz: unknown key; known are timezone"),
        ("timezone = 1", "timezone: must be text"),
        ('start_of_week = "someday"', "must be one of monday"),
        ("cost_mode = 3", "must be one of auto"),
        ('claude_dirs = "x"', "must be a list of folders"),
        ("claude_dirs = [1]", "must be a list of folders"),
        ('default_dirs = "yes"', "must be true or false"),
        ("limit_thresholds = 51", "must be three whole percentages, ascending"),
        ("limit_thresholds = [51, 81]", "must be three whole percentages, ascending"),
        ("limit_thresholds = [81, 51, 100]", "must be three whole percentages, ascending"),
        ("limit_thresholds = [0, 51, 100]", "must be three whole percentages, ascending"),
        ("limit_thresholds = [51, 81, 1001]", "must be three whole percentages, ascending"),
        ("limit_thresholds = [true, 81, 100]", "must be three whole percentages, ascending"),
        ("limit_thresholds = [51.5, 81, 100]", "must be three whole percentages, ascending"),
        ('account_poll = "no"', "must be true or false"),
        ("statusline_sync = 1", "must be true or false"),
        ('statusline_segments = "model"', "must be a list of names out of model, effort, five_hour"),
        ("statusline_segments = []", "must be a list of names out of model, effort, five_hour"),
        ('statusline_segments = ["model", "colour"]', "must be a list of names out of model, effort, five_hour"),
        ("statusline_segments = [[]]", "must be a list of names out of model, effort, five_hour"),
        ('currency = "EUR"', "currency: needs usd_rate as well: what one USD is in EUR"),
        ('currency = "euro"', "must be the three letters of a currency"),
        ("usd_rate = 0", "must be a number above 0"),
        ("usd_rate = inf", "must be a number above 0"),
        ("usd_rate = true", "must be a number above 0"),
        ('usd_rate_date = "31.3.2026"', "must be a day such as 2026-03-31"),
        ("usd_rate_date = 2026-03-31T00:00:00", "must be a day such as 2026-03-31"),
        ("prices = 3", "must hold a table"),
        ("[prices]\nm = 3", "prices.m: must be a table"),
        ("[prices.m]\ninput_usd_per_mtok = 3", "needs input_usd_per_mtok and output_usd_per_mtok"),
        ("[prices.m]\ninput_usd_per_mtok = -1\noutput_usd_per_mtok = 1", "must be a number of USD"),
        ("[prices.m]\ninput_usd_per_mtok = nan\noutput_usd_per_mtok = 1", "must be a number of USD"),
        ("[prices.m]\ninput_usd_per_mtok = true\noutput_usd_per_mtok = 1", "must be a number of USD"),
        ("[prices.m]\ninput_usd = 1\noutput_usd_per_mtok = 1", "did you mean input_usd_per_mtok"),
        ("[prices.m]\nsame_as = 3", "same_as: must be text"),
        ("x = [", "no valid TOML"),
        (b"\xff\xfe", "no valid TOML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "settings.toml") in str(caught.value)


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(str(tmp_path), {})


def test_a_wrong_file_ends_every_command_in_one_line(machine: Machine) -> None:
    machine.settings("colour = 1")
    done = machine.run("daily")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "settings.toml, key colour: unknown key" in done.stderr


def test_config_shows_what_holds_and_where_from(machine: Machine) -> None:
    machine.settings('start_of_week = "sunday"\n[prices."m"]\nsame_as = "claude-opus-5"\n')
    code, out, _ = machine.call("config", TOKENTIDE_TIMEZONE="Asia/Tokyo")
    assert code == 0
    assert 'start_of_week = "sunday"' in out
    assert 'timezone = "Asia/Tokyo"  # from $TOKENTIDE_TIMEZONE' in out
    assert '[prices."m"]\nsame_as = "claude-opus-5"' in out
    assert machine.call("config", "--path")[1].strip().endswith("config/settings.toml")


def test_config_changes_the_file_and_keeps_what_a_person_wrote(machine: Machine) -> None:
    machine.settings('# mine\nstart_of_week = "sunday" # not monday\n\n[prices."m"]\nsame_as = "claude-opus-5"\n')
    for words, said in (
        (("timezone", "Europe/Berlin"), 'timezone = "Europe/Berlin"'),
        (("limit_thresholds", "40", "60", "90"), "limit_thresholds = [40, 60, 90]"),
        (("claude_dirs", "~/.claude-work"), 'claude_dirs = ["~/.claude-work"]'),
        (("account_poll", "false"), "account_poll = false"),
        (("usd_rate", "0.92"), "usd_rate = 0.92"),
        (("currency", "eur"), 'currency = "EUR"'),
        (("start_of_week", "saturday"), 'start_of_week = "saturday"'),
    ):
        assert machine.call("config", "set", *words) == (0, f"{said}\n", "")
    assert machine.call("config", "unset", "currency", "usd_rate") == (
        0,
        'currency = "USD"\n# usd_rate is not set\n',
        "",
    )
    assert (machine.root / "config" / "settings.toml").read_text() == (
        '# mine\nstart_of_week = "saturday"  # not monday\ntimezone = "Europe/Berlin"\nlimit_thresholds = [40, 60, 90]\n'
        'claude_dirs = ["~/.claude-work"]\naccount_poll = false\n\n[prices."m"]\nsame_as = "claude-opus-5"\n'
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "timezone"), "give a key and its value"),
        (("set", "timezone", "Mars/Olympus"), "time zone 'Mars/Olympus' is not known here"),
        (("set", "plan", "max50"), "key plan: must be one of auto"),
        (("set", "plann", "pro"), "unknown key; did you mean plan"),
        (("set", "prices", "3"), "is a table: write it into the file by hand"),
        (("set", "currency", "EUR"), "needs usd_rate as well"),
        (("set", "plan", '"pro"\nx = 1'), "key plan: must be one of auto"),
        (("unset",), "say which keys"),
        (("unset", "plann"), "unknown key; did you mean plan"),
    ],
)
def test_config_says_what_is_wrong_with_a_change_and_changes_nothing(
    machine: Machine, words: tuple[str, ...], said: str
) -> None:
    machine.settings("# mine\n")
    with pytest.raises(TokentideError) as caught:
        machine.call("config", *words)
    assert said in str(caught.value)
    assert (machine.root / "config" / "settings.toml").read_text() == "# mine\n"


def test_config_begins_a_file_that_is_its_owners_alone(machine: Machine) -> None:
    path = machine.root / "config" / "settings.toml"
    assert machine.call("config", "unset", "plan")[0] == 0
    assert not path.exists()
    assert machine.call("config", "set", "plan", "pro")[0] == 0
    assert path.read_text() == (
        "# Settings of tokentide. `tokentide config` shows those in force, `tokentide config set` changes this file.\n"
        'plan = "pro"\n'
    )
    assert path.stat().st_mode & 0o777 == 0o600


def test_config_as_json_says_where_each_value_is_from(machine: Machine) -> None:
    machine.settings('start_of_week = "sunday"\n')
    code, out, _ = machine.call("config", "--json", TOKENTIDE_TIMEZONE="Asia/Tokyo")
    found = {each.pop("key"): each for each in json.loads(out)["settings"]}
    assert code == 0
    assert found["timezone"] == {
        "value": "Asia/Tokyo",
        "default": "local",
        "origin": "environment",
        "variable": "TOKENTIDE_TIMEZONE",
    }
    assert (found["start_of_week"]["origin"], found["plan"]["origin"]) == ("file", "default")
    assert found["usd_rate"]["value"] is None
    assert "prices" not in found


def test_prices_of_the_settings_hold_at_once(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line(model="my-model"))
    assert machine.json("daily", "--json")["totals"]["cost_usd"] is None
    machine.settings('[prices."my-model"]\ninput_usd_per_mtok = 10\noutput_usd_per_mtok = 20\n')
    assert machine.json("daily", "--json")["totals"]["cost_usd"] == 0.002
    machine.settings('[prices."my-model"]\nsame_as = "claude-sonnet-4-20250514"\n')
    assert machine.json("daily", "--json")["totals"]["cost_usd"] == 0.00105


def test_further_folders_are_read_and_usual_ones_left_out(machine: Machine, tmp_path: Path) -> None:
    machine.write("-p/s.jsonl", usage_line("m1", "r1"))
    machine.write("-p/s.jsonl", usage_line("m2", "r2"), root=tmp_path / "more")
    machine.settings(f'claude_dirs = ["{tmp_path / "more"}"]')
    assert machine.json("daily", "--json")["totals"]["responses"] == 2
    machine.settings(f'claude_dirs = ["{tmp_path / "more"}"]\ndefault_dirs = false')
    machine.ledger.unlink()
    assert machine.json("daily", "--json")["totals"]["responses"] == 1
    looked = [root["path"] for root in machine.json("doctor", "--json")["roots"]]
    assert looked == [str(tmp_path / "more")], "a folder that is left out is not told of as one that is not there"
    machine.settings("default_dirs = false")
    assert "nowhere: `default_dirs` is off" in machine.run("doctor").stdout
