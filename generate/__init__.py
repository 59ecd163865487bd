"""Generate: headlines and summaries by T5 or GPT, held against their article by a fact gate; answers to requests."""

from broadsheet.generate.answer import Answer, Cited, answer
from broadsheet.generate.extract import extract
from broadsheet.generate.facts import check, check_digest
from broadsheet.generate.files import generate_files
from broadsheet.generate.stories import StoryWriter
from broadsheet.generate.writers import LoadedWriter, Writer, load_writer

__all__ = [
    "Answer",
    "Cited",
    "LoadedWriter",
    "StoryWriter",
    "Writer",
    "answer",
    "check",
    "check_digest",
    "extract",
    "generate_files",
    "load_writer",
]
