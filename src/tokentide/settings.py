"""What a person has chosen: typed flag > environment > settings file > default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeVar

from tokentide.errors import SettingsError
from tokentide.model.prices import HIGHEST_USD, PriceOverride

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COST_MODES = ("auto", "calculate", "display")
SEGMENTS = (
    "model",
    "effort",
    "five_hour",
    "week",
    "other_windows",
    "odds",
    "context",
    "session_cost",
    "today_cost",
    "burn_rate",
)
"""What the status line can show."""
HIGHEST_THRESHOLD = 1000
MAX_SETTINGS_BYTES = 1 << 20
TOO_LONG = "is longer than 1 MiB, which settings never are"
PLANS = ("auto", "pro", "max5", "max20", "team", "custom", "custom_max")
"""Names of plans; `custom` and `custom_max` are the person's own history."""
TIME_FORMATS = ("auto", "12h", "24h")
HIGHEST_RATE = Decimal(10**9)
USD = "USD"
THEMES = ("auto", "light", "dark", "classic", "high-contrast", "none")
FASTEST_REFRESH_SECONDS, SLOWEST_REFRESH_SECONDS = 0.5, 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, with their defaults."""

    timezone: str = "local"
    """IANA name of the zone that days, weeks and months are cut in; `local` for the system's."""
    start_of_week: str = "monday"
    """First day of a week, in every report."""
    cost_mode: str = "auto"
    """`auto`: what the client reported, else calculated; `calculate`; `display`: only what was reported."""
    claude_dirs: tuple[str, ...] = ()
    """Further folders to read like `~/.claude`."""
    default_dirs: bool = True
    """Whether the usual folders are read; off, only `claude_dirs` and CLAUDE_CONFIG_DIR are."""
    limit_thresholds: tuple[int, int, int] = (51, 81, 100)
    """Percent from which a limit is yellow, orange and red."""
    account_poll: bool = True
    """Whether commands that show limits may ask the account itself; off, only what lies on this machine is read."""
    statusline_segments: tuple[str, ...] = SEGMENTS
    """What the status line shows, in this order; the default has all of them."""
    statusline_sync: bool = True
    """Whether the status line starts `tokentide sync` in the background, at most once a minute."""
    plan: str = "auto"
    """Which plan's limits are estimated where the vendor tells none; `auto` for the one that the account names."""
    custom_limit_tokens: int | None = None
    """Input and output tokens of five hours, to estimate by; unset, the plan decides."""
    reset_hour: int = 0
    """The hour that days begin with, and that an estimated window ends at."""
    time_format: str = "auto"
    """How the live view writes the time of day; `auto` asks the locale."""
    live_theme: str = "auto"
    """Colours of the live view; `auto` asks the terminal."""
    live_refresh_seconds: float = 3.0
    """How often the live view is drawn anew, beside whenever something new is written."""
    advice_off: tuple[str, ...] = ()
    """Rules of `tokentide advise` that are switched off; `tokentide advise --rules` lists them."""
    currency: str = "USD"
    """Currency that the pages of `tokentide serve` show amounts in, by its three letters; needs `usd_rate`."""
    usd_rate: Decimal | None = None
    """What one USD is in that currency; it is yours to set, since nothing is asked of anybody."""
    usd_rate_date: str = ""
    """The day of that rate, such as 2026-03-31, shown beside it."""
    server: str = ""
    """Address of a team server that the usage reports ask instead of this machine's ledger; `--server none` for once
    asks this machine."""
    server_token_file: str = ""
    """File that holds the viewer's token for it, alone on a line."""
    push_server: str = ""
    """Address of a team server's receiver, for `tokentide push`; where it is set, `sync` and `watch` push as well."""
    push_token_file: str = ""
    """File that holds the token for sending to it, alone on a line."""
    push_full_paths: bool = False
    """Whether a push names projects by their whole folder; off, by its last part."""
    plain_http: bool = False
    """Whether a team server beyond this machine may be spoken to without encryption."""
    prices: Mapping[str, PriceOverride] = field(default_factory=dict)
    """Own prices, by model; they win over the price book."""


ENVIRONMENT = {
    "timezone": "TOKENTIDE_TIMEZONE",
    "start_of_week": "TOKENTIDE_START_OF_WEEK",
    "cost_mode": "TOKENTIDE_COST_MODE",
    "server": "TOKENTIDE_SERVER",
    "push_server": "TOKENTIDE_PUSH_SERVER",
}
"""The settings that an environment variable may set."""


def load_settings(path: str, environ: Mapping[str, str]) -> Settings:
    """The settings from the file, which need not exist, and from the environment. Raises SettingsError."""
    settings = _from_file(path)
    for name, variable in ENVIRONMENT.items():
        if environ.get(variable):
            settings = replace(settings, **{name: _PARSERS[name](f"${variable}", name, environ[variable])})  # type: ignore[arg-type]
    return settings


def _from_file(path: str) -> Settings:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SETTINGS_BYTES + 1)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsError(path, None, f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_SETTINGS_BYTES:
        raise SettingsError(path, None, TOO_LONG)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(path, None, f"no valid TOML: {error}") from error
    return settings_from(text, path)


def settings_from(text: str, path: str) -> Settings:
    """The settings that a file's text says, over the defaults. Raises SettingsError."""
    import tomllib

    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(path, None, f"no valid TOML: {error}") from error
    values = {name: checked(path, name, value) for name, value in table.items()}
    settings = Settings(**values)  # type: ignore[arg-type]
    if settings.currency != USD and settings.usd_rate is None:
        raise SettingsError(path, "currency", f"needs usd_rate as well: what one USD is in {settings.currency}")
    return settings


def checked(path: str, key: str, value: object) -> object:
    """The value of one key as Settings has it; numbers with a fraction come as Decimal. Raises SettingsError."""
    return _known(path, key, _PARSERS)(path, key, value)


def _text(path: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(path, key, "must be text in quotes")
    return value


def _flag(path: str, key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(path, key, "must be true or false")
    return value


def _folders(path: str, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item and "\0" not in item for item in value):
        raise SettingsError(path, key, 'must be a list of folders, such as ["~/.claude-work"]')
    return tuple(value)


def _names(path: str, key: str, value: object) -> tuple[str, ...]:
    """Names, each once; who uses them knows which there are."""
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise SettingsError(path, key, "must be a list of names in quotes")
    return tuple(dict.fromkeys(value))


def _segments(path: str, key: str, value: object) -> tuple[str, ...]:
    """Names out of SEGMENTS, each once."""
    if not isinstance(value, list) or not value or any(name not in SEGMENTS for name in value):
        raise SettingsError(path, key, f"must be a list of names out of {', '.join(SEGMENTS)}")
    return tuple(dict.fromkeys(value))


def _thresholds(path: str, key: str, value: object) -> tuple[int, int, int]:
    """Three percentages, ascending."""
    numbers = value if isinstance(value, list) and all(type(item) is int for item in value) else []
    if len(numbers) != 3 or not 0 < numbers[0] < numbers[1] < numbers[2] <= HIGHEST_THRESHOLD:
        raise SettingsError(path, key, "must be three whole percentages, ascending, such as [51, 81, 100]")
    return numbers[0], numbers[1], numbers[2]


def _one_of(choices: tuple[str, ...]) -> Callable[[str, str, object], str]:
    """A parser for a word out of a few."""

    def parse(path: str, key: str, value: object) -> str:
        word = value.lower() if isinstance(value, str) else value
        if word not in choices:
            raise SettingsError(path, key, f"must be one of {', '.join(choices)}, not {value!r}")
        return str(word)

    return parse


def _whole(least: int, most: int) -> Callable[[str, str, object], int]:
    """A parser for a whole number within bounds, both inclusive."""

    def parse(path: str, key: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise SettingsError(path, key, f"must be a whole number from {least} to {most}")
        return value

    return parse


def _seconds(path: str, key: str, value: object) -> float:
    """How often something is drawn."""
    number = Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else Decimal("NaN")
    if not number.is_finite() or not FASTEST_REFRESH_SECONDS <= number <= SLOWEST_REFRESH_SECONDS:
        raise SettingsError(
            path, key, f"must be a number of seconds from {FASTEST_REFRESH_SECONDS:g} to {SLOWEST_REFRESH_SECONDS:g}"
        )
    return float(number)


def _currency(path: str, key: str, value: object) -> str:
    """Three letters."""
    code = value.upper() if isinstance(value, str) else ""
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise SettingsError(path, key, "must be the three letters of a currency, such as EUR")
    return code


def _exchange_rate(path: str, key: str, value: object) -> Decimal:
    """Units of a currency for one USD."""
    rate = Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else Decimal(0)
    if not rate.is_finite() or not 0 < rate <= HIGHEST_RATE:
        raise SettingsError(path, key, f"must be a number above 0, up to {HIGHEST_RATE:,}, such as 0.92")
    return rate


def _day(path: str, key: str, value: object) -> str:
    """A day of the calendar; TOML has such values, and text will do."""
    from datetime import date, datetime

    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        return date.fromisoformat(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        raise SettingsError(path, key, "must be a day such as 2026-03-31") from None


def _prices(path: str, key: str, value: object) -> dict[str, PriceOverride]:
    if not isinstance(value, dict):
        raise SettingsError(path, key, 'must hold a table a model, such as [prices."my-model"]')
    return {model: _override(path, f"{key}.{model}", rates) for model, rates in value.items()}


def _override(path: str, key: str, rates: object) -> PriceOverride:
    """One model's own prices, or the model whose price it shares."""
    if not isinstance(rates, dict):
        raise SettingsError(path, key, "must be a table")
    if set(rates) == {"same_as"}:
        return PriceOverride(same_as=_text(path, f"{key}.same_as", rates["same_as"]))
    parsed = {
        name: _known(path, name, _RATES, f"{key}.{name}")(path, f"{key}.{name}", rate) for name, rate in rates.items()
    }
    if not {"input_usd_per_mtok", "output_usd_per_mtok"} <= parsed.keys():
        raise SettingsError(path, key, "needs input_usd_per_mtok and output_usd_per_mtok, or same_as alone")
    return PriceOverride(**parsed, same_as=None)


def _rate(path: str, key: str, value: object) -> Decimal:
    amount = Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= HIGHEST_USD:
        raise SettingsError(path, key, "must be a number of USD, 0 or more")
    return amount


_P = TypeVar("_P")
_Parser = Callable[[str, str, object], object]
_PARSERS: Mapping[str, _Parser] = {
    "timezone": _text,
    "start_of_week": _one_of(WEEKDAYS),
    "cost_mode": _one_of(COST_MODES),
    "claude_dirs": _folders,
    "default_dirs": _flag,
    "limit_thresholds": _thresholds,
    "account_poll": _flag,
    "statusline_segments": _segments,
    "statusline_sync": _flag,
    "plan": _one_of(PLANS),
    "custom_limit_tokens": _whole(1, 10**15),
    "reset_hour": _whole(0, 23),
    "time_format": _one_of(TIME_FORMATS),
    "live_theme": _one_of(THEMES),
    "live_refresh_seconds": _seconds,
    "advice_off": _names,
    "currency": _currency,
    "usd_rate": _exchange_rate,
    "usd_rate_date": _day,
    "server": _text,
    "server_token_file": _text,
    "push_server": _text,
    "push_token_file": _text,
    "push_full_paths": _flag,
    "plain_http": _flag,
    "prices": _prices,
}
_RATES: Mapping[str, Callable[[str, str, object], Decimal]] = {
    "input_usd_per_mtok": _rate,
    "output_usd_per_mtok": _rate,
    "cache_write_5m_usd_per_mtok": _rate,
    "cache_write_1h_usd_per_mtok": _rate,
    "cache_read_usd_per_mtok": _rate,
}


def _known(path: str, name: str, table: Mapping[str, _P], key: str = "") -> _P:
    if name in table:
        return table[name]
    import difflib

    near = difflib.get_close_matches(name, table, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(table)}"
    raise SettingsError(path, key or name, f"unknown key{hint}")
