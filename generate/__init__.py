"""Generate: headlines and summaries by T5 or GPT, held against their article by a fact gate."""

from broadsheet.generate.choice import Chooser
from broadsheet.generate.extract import extract
from broadsheet.generate.facts import check, check_digest
from broadsheet.generate.files import generate_files
from broadsheet.generate.stories import StoryWriter
from broadsheet.generate.writers import LoadedWriter, Writer, load_writer

__all__ = [
    "Chooser",
    "LoadedWriter",
    "StoryWriter",
    "Writer",
    "check",
    "check_digest",
    "extract",
    "generate_files",
    "load_writer",
]
