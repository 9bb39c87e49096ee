"""Settings and strategies of the property tests: the same examples on every run, few enough to be quick."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.transcripts import NOISE, OPENING_MINUTES, SESSIONS, Reply, Transcript, World, world_of

MODELS = ("claude-opus-4-8", "claude-sonnet-4-20250514", "a-model-without-a-price")
TWO_DAYS = 2 * 24 * 60

counter = st.integers(0, 5000)
shuffles = st.integers(0, 10_000)
"""Seeds of an order of lines or files."""


def law(examples: int) -> settings:
    """The settings of a property test that tries so many examples, the same ones every time."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        print_blob=False,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def replies(draw: st.DrawFn, number: int, *, forks_move: bool) -> Reply:
    """One response with its sightings; one without any id is seen in one place only."""
    ids = draw(st.sampled_from(("both", "both", "message", "request", "two_messages", "two_requests", "none")))
    home = draw(st.integers(0, SESSIONS - 1))
    known = ids != "none"
    return Reply(
        number=number,
        ids=ids,
        home=home,
        minute=draw(st.integers(OPENING_MINUTES, TWO_DAYS)),
        model=draw(st.sampled_from(MODELS)),
        counts=draw(st.tuples(counter, counter, counter, counter, counter)),
        growth=tuple(draw(st.lists(st.integers(0, 300), max_size=2))) if known else (),
        forks=tuple(n for n in range(home + 1, SESSIONS) if draw(st.booleans())) if known else (),
        fork_folder=forks_move and draw(st.booleans()),
        agent=draw(st.sampled_from(("no", "no", "agent", "both"))) if known else "no",
        iterations=draw(st.sampled_from(("none", "same", "other", "compaction"))) if ids != "two_messages" else "none",
        version=draw(st.sampled_from(("2.1.100", "2.1.10"))),
        stop=draw(st.booleans()),
    )


@st.composite
def worlds(draw: st.DrawFn, *, forks_move: bool = False) -> World:
    """A machine of up to three sessions. With `forks_move`, copies may name another folder than the original."""
    found = [draw(replies(number, forks_move=forks_move)) for number in range(draw(st.integers(1, 5)))]
    noise = draw(st.lists(st.tuples(st.sampled_from(NOISE), st.integers(0, SESSIONS - 1)), max_size=4))
    return shuffle(world_of(found, noise, untimed=draw(st.integers(0, 4))), draw(shuffles))


def shuffle(world: World, seed: int, *, tops: bool = False) -> World:
    """The same lines in another order within each file; with `tops`, the opening lines too."""
    random = Random(seed)
    return World([_shuffled(transcript, random, tops=tops) for transcript in world.files])


def _shuffled(transcript: Transcript, random: Random, *, tops: bool) -> Transcript:
    fixed = 0 if tops else transcript.fixed
    body = list(transcript.lines[fixed:])
    random.shuffle(body)
    return Transcript(transcript.name, (*transcript.lines[:fixed], *body), fixed)
