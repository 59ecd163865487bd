"""Code, messages and documents leave out the phrases that made sentences hard to read; CONTRIBUTING.md has the rule."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HARD = {
    r"of before": "name the time or the version",
    r"so many": "say the name of the number, such as `count` articles",
    r"of which there (?:is|are) none": "say that the thing is empty",
    r"that (?:is|are) none": "name what it is not",
    r"(?:is|are) none of (?:its|the|them|theirs)": "say that it does not count, or does not belong",
    r"where there (?:is|are) none": "name what is missing, or say that it may be empty",
    r"of theirs": "name the owner",
    r"of those who": "name the people",
}
PHRASE = re.compile("|".join(rf"\b{phrase}\b".replace(" ", r"\s+") for phrase in HARD), re.IGNORECASE)


def texts():
    """Every text of the project that people wrote; the files of benchmarks/results are older than the rule."""
    listing = [
        "git",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "*.py",
        "*.md",
        "*.sh",
        "*.html",
        "*.toml",
    ]
    try:
        found = subprocess.run(listing, capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    names = [name for name in found if not name.startswith("benchmarks/results/") and (ROOT / name).is_file()]
    return {name: (ROOT / name).read_text("utf-8") for name in names if ROOT / name != Path(__file__)}


def test_no_sentence_has_a_phrase_that_leaves_its_thing_unnamed():
    hard = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: “{' '.join(match[0].split())}”"
        for name, text in texts().items()
        for match in PHRASE.finditer(text)
    ]
    assert not hard, f"say it in other words: {HARD}"


@pytest.mark.parametrize(
    "sentence",
    [
        "missing in an edition of before there were any",
        "Return so many of the rows at most",
        "Return exposures of which there\n    are none.",
        "the budget of a writer that is none",
        "null where there is none",
    ],
)
def test_the_rule_sees_sentences_that_were_mended(sentence):
    assert PHRASE.search(sentence)


@pytest.mark.parametrize(
    "sentence", ["Nobody knows how many there are.", "None is the default.", "Many of the rows stay."]
)
def test_the_rule_lets_plain_sentences_through(sentence):
    assert not PHRASE.search(sentence)
