"""The words of the readers' pages and the labels of their stories, in the language of the newsroom."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from broadsheet.pages.look import Look


def words_of(look: Look) -> dict[str, str]:
    """Return the words of a newsroom's pages by name, its own labels among them.

    In a language that Broadsheet has no words of, they are English; its labels are the newsroom's own.
    """
    languages = {file.name.removesuffix(".toml") for file in _folder().iterdir()}
    return {**_read(look.language if look.language in languages else "en"), **look.labels}


@cache
def _read(language: str) -> Mapping[str, str]:
    return tomllib.loads((_folder() / f"{language}.toml").read_text("utf-8"))


def _folder() -> Traversable:
    return files("broadsheet.service.web") / "words"
