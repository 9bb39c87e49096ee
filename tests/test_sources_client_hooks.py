"""Hooks put into `settings.json` and taken out again, whatever the file is like."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentide.sources.claude_code.client_hooks import EVENTS, HOOKS, hooks_in, with_hook, without_hooks
from tokentide.sources.claude_code.client_settings import ClientSettings
from tokentide.sources.claude_code.json_edit import added, items_of, removed

LINE = "'/opt/my tools/tokentide' guard hook"
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
COMMANDS = st.fixed_dictionaries({"type": st.just("command"), "command": TEXTS})
GROUPS = st.fixed_dictionaries({"hooks": st.lists(COMMANDS, max_size=3)}, optional={"matcher": TEXTS})
HOOKED = st.dictionaries(st.sampled_from([*EVENTS, "Stop", "PreToolUse"]), st.lists(GROUPS, max_size=3), max_size=4)
FORMATS = st.sampled_from(
    [(None, (",", ":")), (None, (", ", ": ")), (2, (",", ": ")), ("\t", (",", ": ")), (4, (" ,", " : "))]
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A settings file and what it says."""
    top = draw(st.dictionaries(TEXTS, VALUES, max_size=4))
    top.pop(HOOKS, None)
    if draw(st.booleans()):
        top[HOOKS] = draw(HOOKED)
        top = dict(draw(st.permutations(list(top.items()))))
    indent, separators = draw(FORMATS)
    text = json.dumps(top, indent=indent, separators=separators, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\n", " \t"])) + text + draw(st.sampled_from(["", "\n"])), top


def is_ours(command: str) -> bool:
    return command == LINE


def installed(text: str) -> ClientSettings:
    settings = ClientSettings("settings.json", text, text.encode())
    for event in EVENTS:
        settings = with_hook(settings, event, LINE, 5)
    return settings


@given(files())
def test_ours_come_last_and_all_else_stays(file: tuple[str, dict[str, Any]]) -> None:
    text, top = file
    expected = deepcopy(top)
    ours = {"hooks": [{"type": "command", "command": LINE, "timeout": 5}]}
    for event in EVENTS:
        expected.setdefault(HOOKS, {}).setdefault(event, []).append(ours)
    found = installed(text)
    assert json.loads(found.text) == expected
    assert list(json.loads(found.text)) == list(expected)
    assert [hook.event for hook in hooks_in(found) if is_ours(hook.command)] == [
        event for event in expected[HOOKS] if event in EVENTS
    ]


@given(files())
def test_taking_them_out_gives_the_text_back(file: tuple[str, dict[str, Any]]) -> None:
    text, top = file
    restored = without_hooks(installed(text), is_ours)
    hooks = top.get(HOOKS)
    had_hollow = not top or (hooks is not None and (not hooks or any(not hooks.get(event, [1]) for event in EVENTS)))
    if had_hollow:  # an empty list or object that ours were the only content of goes with them
        pruned = {event: groups for event, groups in (hooks or {}).items() if groups or event not in EVENTS}
        expected = {**top, HOOKS: pruned}
        if not pruned:
            del expected[HOOKS]
        assert json.loads(restored.text) == expected
    else:
        assert restored.text == text


@given(files(), VALUES)
def test_an_edit_inside_json_says_what_the_same_edit_of_the_value_says(
    file: tuple[str, dict[str, Any]], value: object
) -> None:
    text, top = file
    edited = added(text, [], "a new key", value)
    assert json.loads(edited) == {**top, "a new key": value}
    assert json.loads(removed(edited, ["a new key"])) == top
    for key in top:
        rest = {name: each for name, each in top.items() if name != key}
        assert json.loads(removed(text, [key])) == rest


def test_of_a_member_that_stands_twice_the_last_holds() -> None:
    text = '{"a": 1, "hooks": {}, "hooks": {"Stop": [1]}}'
    assert [item.key for item in items_of(text, ["hooks"])] == ["Stop"]
    assert removed(text, ["hooks"]) == '{"a": 1, "hooks": {}}'
    with pytest.raises(KeyError):
        items_of(text, ["b"])
    with pytest.raises(KeyError):
        items_of(text, ["a"])
