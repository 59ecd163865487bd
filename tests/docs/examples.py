"""The examples of a page: its fenced blocks, read and run in their order.

What a block is for, its first line says:

    ```bash                                 each command is run; shell.py names those that can be
    ```python                               is run, all blocks of a page in one namespace
    ```toml                                 is read as a newsroom's settings
    ```csv title="articles.csv"             any language: is saved under this name
    ```bash title="Not run by the tests: a reason"  is not run; the page shows the reason
"""

import re
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

from broadsheet.config.reading import read_config
from tests.docs.shell import NOT_RUN, ROOT, Shell, page_shell

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
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
    with page_shell() as shell:
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
                said += _run_commands(block, shell)
    return said


def _run_commands(block: Block, shell: Shell) -> list[str]:
    said = []
    for words in commands(block):
        start = time.perf_counter()
        try:
            shell.run(words)
        except AssertionError as error:
            error.add_note(block.place)
            raise
        said.append(f"{block.place}: ran {shlex.join(words)} ({time.perf_counter() - start:.1f} s)")
    return said


def commands(block: Block) -> list[list[str]]:
    """Return the words of each command of a shell block, without comments."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]
