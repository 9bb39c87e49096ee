"""`alerts.toml`: what it means, what is wrong with it, and changes that leave alone what a person wrote."""

from __future__ import annotations

import os
import stat
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alert_stage import NOON, Stage
from tokentide.alerts.editing import CHANNEL, RuleBook
from tokentide.alerts.rule_file import MAX_RULE_FILE_BYTES, RULE_KEYS, load_rules, rules_from
from tokentide.errors import SettingsError
from tokentide.model import alerts
from tokentide.model.alerts import RULE_KINDS, AlertRules
from tokentide.toml_edit import appended, save, with_key, with_table_key, without

SECRET = "hush-4711-THIS-MUST-NOT-APPEAR"
PATH = "/home/ada/.config/tokentide/alerts.toml"

FULL = """\
# Mine.
quiet_hours = ["22:00-07:00", "12:00 – 12:30"]
quiet_days = ["Sunday", "saturday"]
critical_passes = true

[[rule]]
kind = "percent"
percent = [95, 50.5, 80, 80]
window = "five_hour"   # the short one

[[rule]]
kind = "cost"
name = "dear"
per = "week"
usd = [10.005, 20]
account = "ada@*"

[[channel]]
kind = "apprise"
url = "env:SLACK_URL"
rules = ["odds", "percent"]
least_severity = "warning"
timeout_seconds = 2.5

[[channel]]
kind = "command"
command = ["notify.sh", "--loud"]
"""


def read(text: str, **environ: str) -> AlertRules:
    return rules_from(text, PATH, environ)


def test_everything_that_a_file_can_say() -> None:
    found = read(FULL, SLACK_URL=f"slack://{SECRET}")
    percent, cost = (rule for rule in found.rules if not rule.is_default)
    assert (percent.name, percent.percents, percent.window, percent.account) == (
        "percent",
        (50.5, 80, 95),
        "five_hour",
        "*",
    )
    assert (cost.name, cost.per, cost.amounts, cost.account) == (
        "dear",
        "week",
        (10_005_000_000, 20_000_000_000),
        "ada@*",
    )
    slack, own = (channel for channel in found.channels if not channel.is_default)
    assert slack.url is not None
    assert slack.url.reveal() == f"slack://{SECRET}"
    assert (slack.origin, slack.rules, slack.least_severity, slack.timeout_seconds) == (
        "$SLACK_URL",
        ("odds", "percent"),
        "warning",
        2.5,
    )
    assert own.command == ("notify.sh", "--loud")
    assert found.quiet.spans == ((22 * 60, 7 * 60), (12 * 60, 12 * 60 + 30))
    assert (found.quiet.days, found.quiet.critical_passes) == ((5, 6), True)
    assert SECRET not in repr(found)


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    found = load_rules(str(tmp_path / "none.toml"), {})
    assert {rule.kind for rule in found.rules} == {
        "percent",
        "odds",
        "extra_usage",
        "reset",
        "login_expired",
        "cap_changed",
    }
    assert {channel.kind for channel in found.channels} == {"desktop", "hook", "bell", "screen"}
    assert found.shown_on("bell")
    assert not read("[[channel]]\nkind='bell'\nenabled=false").shown_on("bell")


def test_an_address_that_is_kept_elsewhere() -> None:
    unset, ring = (
        channel
        for channel in read(
            "[[channel]]\nkind='apprise'\nurl='env:$NOT_SET'\n[[channel]]\nkind='apprise'\nurl='keyring:ntfy'"
        ).channels
        if not channel.is_default
    )
    assert (unset.url, unset.origin, unset.name) == (None, "$NOT_SET", "apprise")
    assert (ring.url, ring.origin, ring.name) == (None, "keyring ntfy", "apprise-2")


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_kind_of_rule_can_be_written_and_switched_off(kind: str) -> None:
    needed = {"percent": "percent = 80", "cost": "usd = 5"}.get(kind, "")
    assert any(rule.kind == kind and not rule.is_default for rule in read(f"[[rule]]\nkind='{kind}'\n{needed}").rules)
    assert any(rule.kind == kind and not rule.enabled for rule in read(f"[[rule]]\nkind='{kind}'\nenabled=false").rules)
    assert kind in RULE_KEYS


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("quiet_hour = '1:00-2:00'", "quiet_hour", "unknown key; did you mean quiet_hours?"),
        ("quiet_hours = '25:00-26:00'", "quiet_hours", 'must be a span of the day such as "22:00-07:00"'),
        ("quiet_hours = '24:30-07:00'", "quiet_hours", "must be a span"),
        ("quiet_hours = '07:00-07:00'", "quiet_hours", "must be a span"),
        ("quiet_hours = 7", "quiet_hours", "must be a span"),
        ("quiet_days = ['sonday']", "quiet_days", "did you mean sunday?"),
        ("critical_passes = 1", "critical_passes", "must be true or false"),
        ("rule = 1", "rule", "must be tables that begin with [[rule]]"),
        ("[rule]\nkind='odds'", "rule", "must be tables that begin with [[rule]]"),
        ("[[rule]]", "rule 1", "needs a kind: one of percent, odds"),
        ("[[rule]]\nkind='precent'", "rule 1, kind", "did you mean percent?"),
        ("[[rule]]\nkind='percent'", "rule 1 (percent)", "needs percent"),
        ("[[rule]]\nkind='percent'\npercnt=1", "rule 1 (percent), percnt", "unknown key; did you mean percent?"),
        ("[[rule]]\nkind='odds'\n[[rule]]\nkind='odds'\nusd=1", "rule 2 (odds), usd", "unknown key; known are kind, name"),
        ("[[rule]]\nkind='percent'\npercent='80'", "rule 1 (percent), percent", "must be percentages above 0"),
        ("[[rule]]\nkind='percent'\npercent=[]", "rule 1 (percent), percent", "must be percentages above 0"),
        ("[[rule]]\nkind='percent'\npercent=nan", "rule 1 (percent), percent", "must be percentages above 0"),
        ("[[rule]]\nkind='percent'\npercent=0", "rule 1 (percent), percent", "must be percentages above 0"),
        ("[[rule]]\nkind='percent'\npercent=true", "rule 1 (percent), percent", "must be percentages above 0"),
        ("[[rule]]\nkind='odds'\nodds=60", "rule 1 (odds), odds", "must be odds above 0, up to 1, such as 0.6"),
        ("[[rule]]\nkind='odds'\nodds=0.5\nclear_odds=0.6", "rule 1 (odds), clear_odds", "must not be above odds"),
        ("[[rule]]\nkind='cost'\nusd=-1", "rule 1 (cost), usd", "must be amounts above 0"),
        ("[[rule]]\nkind='cost'\nusd=inf", "rule 1 (cost), usd", "must be amounts above 0"),
        ("[[rule]]\nkind='cost'\nusd=1\nper='year'", "rule 1 (cost), per", "must be one of day, week, month"),
        ("[[rule]]\nkind='unusual_hour'\nfactor=1", "rule 1 (unusual_hour), factor", "must be a number above 1"),
        ("[[rule]]\nkind='stale'\nminutes=0", "rule 1 (stale), minutes", "must be a number of minutes"),
        ("[[rule]]\nkind='odds'\nname='a'\n[[rule]]\nkind='reset'\nname='a'", "rule", "two are named a"),
        ("[[rule]]\nkind='odds'\nwindow=\"a\\u001bb\"", "rule 1 (odds), window", "must be text in quotes, on one line"),
        ("[[rules]]\nkind='percent'\npercent=80", "rules", "unknown key; did you mean rule?"),
        ("[[channel]]\nkind='apprise'", "channel 1 (apprise)", "needs url"),
        ("[[channel]]\nkind='command'\ncommand='notify.sh'", "channel 1 (command), command", "must be a list of texts"),
        ("[[channel]]\nkind='desktop'\nrules=['cost','odd']", "channel 1 (desktop), rules", "did you mean odds?"),
        ("[[channel]]\nkind='desktop'\ntimeout_seconds=600", "channel 1 (desktop), timeout_seconds", "up to 60"),
        ("[[channel]]\nkind='bell'\nurl='x'", "channel 1 (bell), url", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_file_key_and_cure(text: str, key: str, reason: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(text)
    said = str(caught.value)
    assert said.startswith(f"settings: {PATH}, key {key}: ")
    assert reason in said


@pytest.mark.parametrize("text", ["[[rule", "a = 'b", "x = 1\nx = 2", "[[rule]]\n[rule]\n"])
def test_what_is_no_toml_is_said_so(text: str) -> None:
    with pytest.raises(SettingsError, match=r"alerts\.toml: no valid TOML"):
        read(text)


def test_a_secret_in_a_wrong_place_is_not_repeated() -> None:
    for text in (
        f"[[channel]]\nkind='apprise'\nurl=['slack://{SECRET}']",
        f"[[channel]]\nkind='slack://{SECRET}'",
        f"[[channel]]\nkind='apprise'\nurl='slack://{SECRET}'\nleast_severity='{SECRET}'",
        f"[[channel]]\nkind='apprise'\nurl=\"slack://{SECRET}\\u0007\"",
        f"[[channel]]\nkind='apprise'\nurl='slack://{SECRET}",
    ):
        with pytest.raises(SettingsError) as caught:
            read(text)
        assert SECRET not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content, reason in (
        ("utf16.toml", "kind".encode("utf-16"), "is no UTF-8"),
        ("long.toml", b"#" * (MAX_RULE_FILE_BYTES + 1), "is larger than 4 MiB"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SettingsError, match=reason):
            load_rules(str(tmp_path / name), {})
    with pytest.raises(SettingsError, match="cannot be read"):
        load_rules(str(tmp_path), {})
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    assert len(load_rules(str(tmp_path / "bom.toml"), {}).rules) == len(read(FULL).rules)


VALUES = st.one_of(
    st.text(max_size=12),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.lists(st.one_of(st.text(max_size=8), st.integers(-5, 200), st.floats(allow_nan=True)), max_size=4),
    st.sampled_from(["percent", "odds", "cost", "apprise", "command", "day", "22:00-07:00", "env:X", "keyring:Y", "*"]),
)
KEYS = st.sampled_from(
    [
        *{key for keys in RULE_KEYS.values() for key in keys},
        "kind",
        "name",
        "account",
        "enabled",
        "url",
        "command",
        "rules",
        "x",
    ]
)


@given(
    st.dictionaries(KEYS, VALUES, max_size=6),
    st.sampled_from(["rule", "channel"]),
    st.sampled_from([*RULE_KINDS, *alerts.CHANNEL_KINDS]),
)
def test_whatever_a_file_says_is_taken_or_refused_in_our_words(entry: dict[str, object], table: str, kind: str) -> None:
    lines = [f"{name} = {_literal(value)}" for name, value in {"kind": kind, **entry}.items()]
    try:
        found = read(f"[[{table}]]\n" + "\n".join(lines))
    except SettingsError:
        return
    assert all(not rule.percents or min(rule.percents) > 0 for rule in found.rules)


def _literal(value: object) -> str:
    """A value of Python as TOML would have it, or as somebody would mistype it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if not isinstance(value, str) else '"' + value.replace('"', "'") + '"'


def test_ten_thousand_rules_are_a_matter_of_seconds() -> None:
    text = "".join(
        f"[[rule]]\nkind = 'percent'\npercent = {1 + number % 99}\nwindow = 'seven_day_{number}*'\n"
        for number in range(9_000)
    ) + "".join(f"[[rule]]\nkind='cost'\nusd={number + 1}\n" for number in range(1_000))
    begun = time.monotonic()
    stage = Stage(read(text))
    assert time.monotonic() - begun < 10
    for number in range(20):
        stage.say(0, 90, NOON + 3 * 86_400_000_000, window=f"seven_day_{number}")
    stage.spend(0, 500)
    begun = time.monotonic()
    told = stage.look(1)
    assert time.monotonic() - begun < 5
    assert {alert.rule for alert in told} >= {"percent", "cost"}
    assert [alert.facts["threshold_nano_usd"] for alert in told if alert.rule == "cost"] == [500 * 10**9]


# Changes


def test_a_rule_is_put_at_the_end_and_nothing_else_is_touched() -> None:
    changed = appended(FULL, "rule", {"kind": "odds", "odds": 0.7, "name": 'say "hi" \\ \u00e9'}, PATH)
    assert changed == FULL + '\n[[rule]]\nkind = "odds"\nodds = 0.7\nname = "say \\"hi\\" \\\\ é"\n'


def test_the_first_change_makes_a_file_that_explains_itself() -> None:
    empty = RuleBook(PATH, "", rules_from("", PATH, {}), {})
    text = empty.adding(CHANNEL, {"kind": "command", "command": ["a", "b c"]}).text
    assert text.startswith("# What tokentide alerts you of")
    assert text.endswith('\n\n[[channel]]\nkind = "command"\ncommand = ["a", "b c"]\n')


def test_a_file_without_a_last_newline_or_with_those_of_windows() -> None:
    assert tomllib.loads(appended("critical_passes = true", "rule", {"kind": "odds"}, PATH))["rule"] == [
        {"kind": "odds"}
    ]
    changed = appended("critical_passes = true\r\n", "rule", {"kind": "odds"}, PATH)
    assert "\n" not in changed.replace("\r\n", "")


COMMENTED = '''\
# At the top.
quiet_hours = "22:00-07:00"

# About the first.
[[rule]]          # here
kind = "percent"
# within
percent = [
  50,  # half
  80,
]

# About the second.
[[ rule ]]
kind = "odds"
name = """
[[rule]]
is no rule"""

[[channel]]
kind = "bell"
# The end.
'''


def test_a_table_is_cut_out_and_comments_around_it_stay() -> None:
    text = COMMENTED.replace('name = """\n[[rule]]\nis no rule"""\n', "")
    first = without(text, "rule", 0, PATH)
    assert first == text.replace(
        '[[rule]]          # here\nkind = "percent"\n# within\npercent = [\n  50,  # half\n  80,\n]\n', ""
    )
    assert without(text, "rule", 1, PATH).count("About the second.") == 1
    assert "# The end." in without(text, "channel", 0, PATH)


def test_what_looks_like_a_table_within_a_text_is_none() -> None:
    assert tomllib.loads(without(COMMENTED, "rule", 0, PATH))["rule"][0]["name"] == "[[rule]]\nis no rule"
    assert "rule" not in tomllib.loads(without(without(COMMENTED, "rule", 1, PATH), "rule", 0, PATH))


def test_what_cannot_be_edited_safely_is_left_alone() -> None:
    inline, below = "rule = [{kind = 'odds'}]", "[[rule]]\nkind = 'odds'\n[[rule.more]]\nx = 1\n"
    for text, number in ((inline, 0), ("[[rule]]\nkind='odds'", 1), (below, 0)):
        with pytest.raises(SettingsError, match="do it by hand"):
            without(text, "rule", number, PATH)
    for text in (inline, "rule = 1"):
        with pytest.raises(SettingsError, match="do it by hand"):
            appended(text, "rule", {"kind": "reset"}, PATH)
    with pytest.raises(SettingsError, match="do it by hand"):
        with_key('"quiet_hours" = ["1:00-2:00"]', "quiet_hours", ["3:00-4:00"], PATH)
    with pytest.raises(SettingsError, match="no valid TOML"):
        with_key("x = ", "quiet_hours", ["1:00-2:00"], PATH)


def test_a_key_before_the_tables_is_set_and_unset() -> None:
    changed = with_key(FULL, "quiet_hours", ["20:00-06:00"], PATH)
    assert changed == FULL.replace('quiet_hours = ["22:00-07:00", "12:00 – 12:30"]', 'quiet_hours = ["20:00-06:00"]')
    gone = with_key(changed, "quiet_hours", None, PATH)
    assert gone == FULL.replace('quiet_hours = ["22:00-07:00", "12:00 – 12:30"]\n', "")
    assert tomllib.loads(with_key(gone, "quiet_hours", ["1:00-2:00"], PATH))["quiet_hours"] == ["1:00-2:00"]
    assert with_key("# Mine.\n", "quiet_hours", ["1:00-2:00"], PATH) == '# Mine.\nquiet_hours = ["1:00-2:00"]\n'
    assert tomllib.loads(with_key("[[rule]]\nkind='odds'\n", "quiet_hours", ["1:00-2:00"], PATH))["quiet_hours"]


def test_a_key_keeps_the_comment_behind_it_and_a_long_list_is_replaced_as_a_whole() -> None:
    text = 'a = "# no comment"  # why\nquiet_hours = [\n  "1:00-2:00", # night\n]  # sleep\n# last\n[[rule]]\nkind = "odds"\n'
    changed = with_key(text, "quiet_hours", ["3:00-4:00"], PATH)
    assert changed == text.replace('[\n  "1:00-2:00", # night\n]', '["3:00-4:00"]')
    assert with_key(changed, "a", "b", PATH) == changed.replace('"# no comment"', '"b"')
    assert with_key(text, "z", True, PATH) == text.replace("# last", "z = true\n# last")


def test_a_large_amount_is_written_to_the_last_digit() -> None:
    assert "usd = [1234567, 0.5]" in appended("", "rule", {"kind": "cost", "usd": [1234567.0, 0.5]}, PATH)


def test_a_key_of_one_table_is_set_and_unset() -> None:
    text = '[[rule]]\nkind = "odds"\n\n# second\n[[rule]]\nkind = "reset" # free\n'
    off = with_table_key(text, "rule", 0, ("enabled", False), PATH)
    assert off == text.replace('"odds"\n', '"odds"\nenabled = false\n')
    assert with_table_key(off, "rule", 0, ("enabled", None), PATH) == text
    assert with_table_key(text, "rule", 1, ("enabled", False), PATH) == text + "enabled = false\n"
    with pytest.raises(SettingsError, match="do it by hand"):
        with_table_key("rule = [{kind = 'odds'}]", "rule", 0, ("enabled", False), PATH)


PIECES = st.lists(
    st.sampled_from(["# a comment", "", "[[rule]]", "[[channel]]", "kind = 'odds'", "name = '[[rule]]'", "[other]", "x = [", "]", "  1,", "'''", '"""', "y = '''"]),
    max_size=14,
)  # fmt: skip


@given(PIECES, st.sampled_from(["rule", "channel"]), st.integers(0, 2), st.booleans())
def test_a_change_does_just_that_or_nothing(lines: list[str], kind: str, number: int, cuts: bool) -> None:
    text = "\n".join(lines)
    try:
        before = tomllib.loads(text)
        changed = without(text, kind, number, PATH) if cuts else appended(text, kind, {"kind": "reset"}, PATH)
    except (tomllib.TOMLDecodeError, SettingsError):
        return
    after = tomllib.loads(changed)
    entries = list(before.pop(kind, []))
    if cuts:
        del entries[number]
    else:
        entries.append({"kind": "reset"})
    assert list(after.pop(kind, [])) == entries
    assert after == before


def test_the_file_is_its_owners_alone_and_a_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles" / "alerts.toml", tmp_path / "alerts.toml"
    real.parent.mkdir()
    real.write_text("")
    link.symlink_to(real)
    save(str(link), FULL)
    assert link.is_symlink()
    assert real.read_text() == FULL
    assert stat.S_IMODE(os.stat(real).st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        save(str(tmp_path / "file" / "alerts.toml"), FULL)


def test_kinds_and_defaults_know_each_other() -> None:
    assert set(RULE_KEYS) == set(RULE_KINDS)
    assert set(alerts.SENT_KINDS) < set(alerts.CHANNEL_KINDS)
