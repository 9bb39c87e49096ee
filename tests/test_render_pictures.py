"""Pictures to share. TOKENTIDE_UPDATE_GOLDEN=1 draws them anew; look at them then."""

from __future__ import annotations

import io
import os
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import Machine, usage_line
from tests.test_analytics_activity import ALL, NOW, activity_of, called, ledger_of, said
from tokentide.analytics.activity import Activity, ActivityAsk, build_activity
from tokentide.analytics.activity_days import COST, RESPONSES
from tokentide.analytics.calendar import Calendar
from tokentide.analytics.wrapped import Wrapped, build_wrapped
from tokentide.render.pictures.activity_card import activity_card
from tokentide.render.pictures.png import SCALE, png_bytes
from tokentide.render.pictures.scene import DARK, LIGHT, SHADES, THEMES, Box, Line, Scene
from tokentide.render.pictures.svg import svg_element, svg_text
from tokentide.render.pictures.wrapped_card import wrapped_card
from tokentide.render.wrapped_html import wrapped_html
from tokentide.sample import YEAR, write_sample

GOLDEN = Path(__file__).parent / "golden" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>&\"'\x1b[31m\u202e<img src=x onerror=y>"


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Activity, Wrapped]:
    """A year of the sample."""
    machine = Machine(tmp_path_factory.mktemp("sampled"))
    write_sample(str(machine.claude), NOW, YEAR)
    with ledger_of(machine) as ledger:
        ask = ActivityAsk(ALL, Calendar("UTC"))
        return build_activity(ledger, ask, now=NOW), build_wrapped(ledger, 2025, ask, now=NOW)


def compare(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("TOKENTIDE_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    if text != path.read_text(encoding="utf-8"):  # pytest would take minutes to show how two pictures differ
        pytest.fail(f"not {name} any more: TOKENTIDE_UPDATE_GOLDEN=1 draws it anew, to be looked at")


def boxes(scene: Scene) -> list[Box]:
    return [item for item in scene.items if isinstance(item, Box)]


def lines(scene: Scene) -> list[Line]:
    return [item for item in scene.items if isinstance(item, Line)]


def test_the_pictures_look_as_they_did(sampled: tuple[Activity, Wrapped]) -> None:
    activity, wrapped = sampled
    compare("activity-light.svg", svg_text(activity_card(activity, COST, "light", 0)))
    compare("activity-dark.svg", svg_text(activity_card(activity, RESPONSES, "dark", 6, ("/home/sam/shop-api",))))
    compare("wrapped.svg", svg_text(wrapped_card(wrapped, "light", 0, with_names=True)))
    compare("wrapped.html", wrapped_html(wrapped, 0, with_names=False))


def test_a_day_has_a_square_of_its_shade_and_says_what_it_was(sampled: tuple[Activity, Wrapped]) -> None:
    activity, _ = sampled
    scene = activity_card(activity, COST, "light", 0)
    days = [box for box in boxes(scene) if re.match(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ \w+ \d{4}: \$", box.hint)]
    assert len(days) == 365
    assert sum(box.role != SHADES[0] for box in days) == activity.active_days
    assert {box.role for box in days} == set(SHADES)
    busiest = max(activity.days, key=lambda day: day.sums.cost)
    (told,) = [box for box in days if box.hint.startswith(f"{busiest.day:%a} {busiest.day.day} {busiest.day:%b}")]
    assert told.role == SHADES[-1]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("days", [1, 3, 30, 365])
def test_everything_lies_within_the_picture(sampled: tuple[Activity, Wrapped], days: int, theme: str) -> None:
    activity = replace(sampled[0], days=sampled[0].days[-days:])
    scene = activity_card(activity, COST, theme, 3, ("/a/one", "/a/two"))
    for box in boxes(scene):
        assert box.x >= 0 <= box.y
        assert box.x + box.width <= scene.width
        assert box.y + box.height <= scene.height
    assert all(0 < line.x <= scene.width and 0 < line.y < scene.height for line in lines(scene))


def test_the_svg_is_xml_that_needs_nothing_from_elsewhere(sampled: tuple[Activity, Wrapped]) -> None:
    scene = activity_card(sampled[0], COST, "light", 0)
    root = ET.fromstring(svg_text(scene))
    assert root.tag == f"{SVG}svg"
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{name}" for name in ("svg", "title", "desc", "rect", "text")
    }
    assert len(list(root.iter(f"{SVG}rect"))) == len(boxes(scene)) + 1
    assert len(list(root.iter(f"{SVG}text"))) == len(lines(scene))
    assert not re.search(r"href|url\(|https?://(?!www\.w3\.org/2000/svg)", svg_text(scene))


def test_a_png_shows_what_the_svg_does(sampled: tuple[Activity, Wrapped]) -> None:
    scene = activity_card(sampled[0], COST, "dark", 0)
    image = Image.open(io.BytesIO(png_bytes(scene)))
    assert image.size == (scene.width * SCALE, scene.height * SCALE)
    days = [box for box in boxes(scene) if box.hint.startswith(("Mon ", "Sat "))]
    for box in days:
        middle = (round((box.x + box.width / 2) * SCALE), round((box.y + box.height / 2) * SCALE))
        assert image.getpixel(middle) == rgb(DARK[box.role])
    assert image.getpixel((2, 2)) == rgb(DARK["paper"])
    title = next(line for line in lines(scene) if line.text == "Activity with Claude")
    crop = image.crop((round(title.x) * 2, round(title.y - 30) * 2, round(title.x + 300) * 2, round(title.y) * 2))
    colours = crop.getcolors(100_000) or []
    assert rgb(DARK["ink"]) in {colour for _, colour in colours}


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_no_text_breaks_out_of_a_picture(text: str) -> None:
    scene = Scene(200, 40, (Line(4, 20, text, 14), Box(0, 0, 10, 10, "accent", 2, text)), text, text)
    root = ET.fromstring(svg_text(scene))
    told = ["desc"] if text else []
    hint = ["title"] if text else []
    tags = [element.tag.removeprefix(SVG) for element in root.iter()]
    assert tags == ["svg", "title", *told, "rect", "text", "rect", *hint]
    assert svg_element(scene).count("<text ") == 1
    assert png_bytes(scene).startswith(b"\x89PNG")


@pytest.fixture
def hostile(machine: Machine) -> Machine:
    """A session whose names, tools and models want to be more than text."""
    where = {"cwd": f"/srv/{HOSTILE.replace('/', '')}"}
    first = called("2026-03-11T09:01:00.000Z", 1, f"mcp__{HOSTILE}__tool", {"query": "x"}, model=f"secret-{HOSTILE}")
    machine.write(
        "-srv-x/s1.jsonl",
        said("2026-03-11T09:00:00.000Z", "p1") | where,
        first | where,
        called("2026-03-11T09:02:00.000Z", 2, HOSTILE, {"query": "x"}) | where,
        {"type": "ai-title", "sessionId": "s1", "aiTitle": HOSTILE},
    )
    return machine


class Page(HTMLParser):
    """What a page is made of, and whether its elements are closed in order."""

    VOID = ("meta", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.attributes: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("with_names", [False, True])
def test_nothing_in_a_page_is_more_than_text(hostile: Machine, with_names: bool) -> None:
    with ledger_of(hostile) as ledger:
        wrapped = build_wrapped(ledger, 2026, ActivityAsk(ALL, Calendar("UTC")), now=NOW)
    html = wrapped_html(wrapped, 0, with_names=with_names)
    page = Page(html)
    assert page.open == []
    assert not {"script", "img", "link", "iframe", "a", "object"} & set(page.seen)
    assert not [name for name in page.attributes if name.startswith("on") or name in ("style", "href", "src")]
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "default-src 'none'" in html
    for scene in (wrapped_card(wrapped, "dark", 0, with_names=with_names),):
        ET.fromstring(svg_text(scene))
        assert png_bytes(scene).startswith(b"\x89PNG")


def test_nothing_is_named_unless_it_is_wanted(hostile: Machine) -> None:
    with ledger_of(hostile) as ledger:
        wrapped = build_wrapped(ledger, 2026, ActivityAsk(ALL, Calendar("UTC")), now=NOW)
    bare, named = (wrapped_html(wrapped, 0, with_names=with_names) for with_names in (False, True))
    for text in ("secret", "/srv", "s1", "mcp__"):
        assert text not in bare
    assert "MCP tools" in bare
    assert "other models" in bare
    assert "secret" in named
    card = activity_card(wrapped.activity, COST, "light", 0)
    assert not [item for item in lines(card) if "srv" in item.text or "alert" in item.text]
    assert [
        item for item in lines(activity_card(wrapped.activity, COST, "light", 0, ("/srv/shop",))) if "shop" in item.text
    ]


def test_the_style_of_a_page_is_the_one_that_its_policy_lets_through(sampled: tuple[Activity, Wrapped]) -> None:
    import base64
    import hashlib

    html = wrapped_html(sampled[1], 0, with_names=False)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html
    assert all(f"--{role}: {colour};" in style[1] for theme in (LIGHT, DARK) for role, colour in theme.items())
    assert "prefers-color-scheme: dark" in style[1]


def test_a_year_that_is_not_over_says_so(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line())
    with ledger_of(machine) as ledger:
        ask = ActivityAsk(ALL, Calendar("UTC"))
        present, later = (build_wrapped(ledger, 2026, ask, now=now) for now in (NOW, NOW + 365 * 86_400_000_000))
    assert "so far: 1 Jan to 12 Mar 2026" in Page(wrapped_html(present, 0, with_names=False)).text
    assert "so far" not in wrapped_html(later, 0, with_names=False)


def test_costs_that_are_lower_bounds_are_told_on_the_page(sampled: tuple[Activity, Wrapped]) -> None:
    wrapped = sampled[1]
    totals = wrapped.activity.totals
    old = replace(totals, sums=replace(totals.sums, lower_bound_responses=3))
    page = wrapped_html(replace(wrapped, activity=replace(wrapped.activity, totals=old)), 0, with_names=False)
    assert "Output and cost of 3 responses are lower bounds." in page
    assert "lower bound" not in wrapped_html(wrapped, 0, with_names=False)


def test_pictures_of_hardly_anything_are_drawn(machine: Machine) -> None:
    machine.write("-p/s.jsonl", usage_line(model="unknown-model"))
    activity = activity_of(machine)
    for theme in THEMES:
        scene = activity_card(activity, COST, theme, 0)
        ET.fromstring(svg_text(scene))
        assert png_bytes(scene).startswith(b"\x89PNG")
