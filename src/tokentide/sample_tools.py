"""What the tools of made-up sessions are asked and give back: filler of the sizes that real ones have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tokentide.sample_lines import Chain, prose, source, source_lines

FILES = (
    "src/basket.py",
    "src/checkout.py",
    "src/invoice.py",
    "src/login.py",
    "src/models.py",
    "src/rounding.py",
    "src/routes.py",
    "src/search.py",
    "tests/test_basket.py",
    "tests/test_checkout.py",
    "tests/test_login.py",
    "README.md",
)
COMMANDS = (
    "pytest -q",
    "npm test",
    "git status",
    "git diff",
    "make build",
    "ls -la src",
    "ruff check src",
    "docker ps",
)
SKILLS = ("release-notes", "review", "write-tests")
AGENTS = ("Explore", "Explore", "general-purpose")
USED_SERVERS = ("github", "postgres")
UNUSED_SERVER = "browser"
SERVER_TOOLS = {
    "github": ("get_issue", "search_code", "create_pull_request", "list_reviews"),
    "postgres": ("query", "list_tables"),
    UNUSED_SERVER: ("navigate", "click", "type", "screenshot", "evaluate", "wait_for", "network_log", "console_log"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool and how it ended."""

    tool: str
    given: dict[str, object]
    result: str
    outcome: object
    """As `toolUseResult`."""
    is_error: bool = False


Maker = Callable[[Chain, Random], Call]


def any_call(chain: Chain) -> Call:
    """A call of one of the everyday tools; about one in fifteen fails."""
    chance = chain.chance
    call = chance.choices(_MAKERS, _WEIGHTS)[0](chain, chance)
    return _failed(call, chance) if chance.random() < 0.07 else call


def commit_call(chain: Chain) -> Call:
    """A git commit of what was done."""
    command: dict[str, object] = {
        "command": "git add -A && git commit -m 'Round each line once'",
        "description": "Commit",
    }
    sha = f"{chain.chance.getrandbits(28):07x}"
    said = f"[{chain.branch} {sha}] Round each line once\n 3 files changed"
    outcome = {**_shell(said), "gitOperation": {"commit": {"sha": sha, "kind": "committed"}}}
    return Call("Bash", command, said, outcome)


def pull_request_call(url: str) -> Call:
    """The pull request that follows."""
    return Call("Bash", {"command": "gh pr create --fill", "description": "Open the pull request"}, url, _shell(url))


def skill_call(chain: Chain) -> Call:
    """A skill begins."""
    skill = chain.chance.choice(SKILLS)
    return Call("Skill", {"skill": skill}, f"Launching skill: {skill}", {"success": True, "commandName": skill})


def _failed(call: Call, chance: Random) -> Call:
    """The same call with an error, or turned down by the person."""
    if chance.random() < 0.12:
        said = "The user doesn't want to proceed with this tool use. The tool use was rejected."
        return Call(call.tool, call.given, said, "User rejected tool use", is_error=True)
    said = f"Exit code 1\n{source(chance.randrange(80, 900))}"
    return Call(call.tool, call.given, said, f"Error: {said}", is_error=True)


def _bash(chain: Chain, chance: Random) -> Call:
    tokens = chance.randrange(6_000, 12_000) if chance.random() < 0.02 else int(chance.lognormvariate(6.0, 1.0))
    said = source(chain.size(min(tokens, 12_000), "code"))
    return Call("Bash", {"command": chance.choice(COMMANDS), "description": "Look"}, said, _shell(said))


def _read(chain: Chain, chance: Random) -> Call:
    tokens = chance.randrange(10_500, 14_000) if chance.random() < 0.02 else int(chance.lognormvariate(7.2, 0.8))
    said = source(chain.size(min(tokens, 14_000), "code"))
    path = _path(chain, chance)
    lines = said.count("\n")
    told = {"filePath": path, "numLines": lines, "startLine": 1, "totalLines": lines, "content": ""}
    return Call("Read", {"file_path": path}, said, {"type": "text", "file": told})


def _edit(chain: Chain, chance: Random) -> Call:
    added, removed = (min(int(chance.lognormvariate(2.0, 0.9)) + 1, 80) for _ in range(2))
    before, after = source_lines(removed), source_lines(added)
    path = _path(chain, chance)
    lines = [*(f" {line}" for line in source_lines(3)), *(f"-{x}" for x in before), *(f"+{x}" for x in after)]
    hunk = {"oldStart": 40, "oldLines": removed + 3, "newStart": 40, "newLines": added + 3, "lines": lines}
    given = {"file_path": path, "old_string": "\n".join(before), "new_string": "\n".join(after), "replace_all": False}
    told = {"filePath": path, "structuredPatch": [hunk], "userModified": False, "replaceAll": False}
    return Call("Edit", given, f"The file {path} has been updated successfully.", told)


def _write(chain: Chain, chance: Random) -> Call:
    text = "\n".join(source_lines(chance.randrange(15, 140))) + "\n"
    path = f"{chain.project}/src/{chance.choice(('coupon', 'passkey', 'receipt', 'totals'))}_{chance.randrange(40)}.py"
    told: dict[str, object] = {
        "type": "create",
        "filePath": path,
        "content": text,
        "structuredPatch": [],
        "originalFile": None,
    }
    return Call("Write", {"file_path": path, "content": text}, f"File created successfully at: {path}", told)


def _grep(chain: Chain, chance: Random) -> Call:
    said = source(chain.size(chance.randrange(20, 700), "code"))
    told = {"mode": "content", "numFiles": 0, "filenames": [], "content": "", "numLines": said.count("\n")}
    return Call("Grep", {"pattern": "rounded\\(", "output_mode": "content", "-n": True}, said, told)


def _glob(chain: Chain, chance: Random) -> Call:
    names = [f"{chain.project}/{name}" for name in FILES[: chance.randrange(1, len(FILES))]]
    told = {"filenames": names, "durationMs": 12, "numFiles": len(names), "truncated": False}
    return Call("Glob", {"pattern": "**/*.py"}, "\n".join(names), told)


def _todo(chain: Chain, chance: Random) -> Call:
    todos = [
        {"content": prose(40 + number), "status": "pending", "activeForm": prose(38)}
        for number in range(chance.randrange(2, 7))
    ]
    del chain
    return Call("TodoWrite", {"todos": todos}, "Todos have been modified successfully.", {"oldTodos": []})


def _mcp(chain: Chain, chance: Random) -> Call:
    server = chance.choice(USED_SERVERS)
    tool = chance.choice(SERVER_TOOLS[server][:2])
    said = prose(chain.size(chance.randrange(200, 3_000), "code"))
    return Call(f"mcp__{server}__{tool}", {"query": prose(chance.randrange(20, 90))}, said, said[:200])


def _path(chain: Chain, chance: Random) -> str:
    """A file of the project; some are looked at far oftener than others."""
    return f"{chain.project}/{FILES[int(chance.random() ** 2 * len(FILES))]}"


def _shell(said: str) -> dict[str, object]:
    return {"stdout": said[:200], "stderr": "", "interrupted": False, "isImage": False}


_MAKERS: tuple[Maker, ...] = (_bash, _read, _edit, _grep, _write, _glob, _todo, _mcp)
_WEIGHTS = (30, 26, 22, 9, 3, 3, 4, 4)
