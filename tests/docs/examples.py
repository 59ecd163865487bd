"""The examples of a page: its fenced blocks, read and run in their order.

What a block is for, its first line says:

    ```bash                                 each command is run: broadsheet …, or python scripts/….py …
    ```python                               is run, all blocks of a page in one namespace
    ```toml                                 is read as a newsroom's settings
    ```csv title="articles.csv"             any language: is saved under this name
    ```bash title="Not run by the tests: a reason"  is not run; the page shows the reason
"""

import re
import runpy
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from broadsheet.cli.app import main
from broadsheet.config.reading import read_config

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = "Not run by the tests: "
_BLOCK = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', re.M | re.S)
_RUN = ("bash", "python", "toml")


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its first line, 1 is the page's first."""

    page: Path
    line: int
    language: str
    title: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, such as docs/tutorials/demo.md:12."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def reason(self) -> str:
        """Why it is not run; empty if it is."""
        return self.title.removeprefix(NOT_RUN) if self.title.startswith(NOT_RUN) else ""


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that a test runs, saves or leaves out for a reason."""
    text = page.read_text("utf-8")
    found = [
        Block(page, text.count("\n", 0, match.start()) + 1, match[1], match[2] or "", match[3])
        for match in _BLOCK.finditer(text)
    ]
    return [block for block in found if block.language in _RUN or block.title]


def run_page(page: Path) -> list[str]:
    """Run the blocks of a page in the working directory; return a line for each command and block."""
    names: dict[str, object] = {"__name__": "__example__"}
    said = []
    for block in blocks(page):
        if block.reason:
            said.append(f"{block.place}: not run: {block.reason}")
        elif block.title:
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(block.text, "utf-8")
            said.append(f"{block.place}: saved {block.title}")
        elif block.language == "python":
            exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
            said.append(f"{block.place}: ran {len(block.text.splitlines())} lines of Python")
        elif block.language == "toml":
            Path("settings.toml").write_text(block.text, "utf-8")
            read_config(Path("settings.toml"))
            said.append(f"{block.place}: read {len(block.text.splitlines())} lines of settings")
        else:
            for words in commands(block):
                start = time.perf_counter()
                run_command(words, block)
                said.append(f"{block.place}: ran {shlex.join(words)} ({time.perf_counter() - start:.1f} s)")
    return said


def commands(block: Block) -> list[list[str]]:
    """Return the words of each command of a shell block, without comments."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def run_command(words: list[str], block: Block) -> None:
    """Run one command in this process; AssertionError if it fails or is none that can be run here."""
    known = words[0] == "broadsheet" or (words[0] == "python" and words[1].startswith("scripts/"))
    assert known, f'{block.place}: {words[0]} cannot be run by a test; say why with title="{NOT_RUN}…"'
    before = sys.argv, sys.path[:]
    script = words[0] == "python"
    sys.argv = words[1:] if script else words
    try:
        if script:
            sys.path.insert(0, str(ROOT / "scripts"))
            runpy.run_path(str(ROOT / words[1]), run_name="__main__")
        else:
            main()
    except SystemExit as end:
        if end.code:
            raise AssertionError(f"{block.place}: {shlex.join(words)} ended with {end.code}") from None
    finally:
        sys.argv, sys.path[:] = before
