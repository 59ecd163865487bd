"""Generate: headlines and summaries by T5, GPT or an endpoint, held to their article by a fact gate; answers."""

from broadsheet.generate.answer import Answer, Cited, answer
from broadsheet.generate.choice import Chooser
from broadsheet.generate.endpoint import EndpointWriter, open_endpoint
from broadsheet.generate.extract import extract
from broadsheet.generate.facts import check, check_digest
from broadsheet.generate.files import generate_files
from broadsheet.generate.interests import Interests
from broadsheet.generate.stories import StoryWriter
from broadsheet.generate.writers import LoadedWriter, Writer, load_writer

__all__ = [
    "Answer",
    "Chooser",
    "Cited",
    "EndpointWriter",
    "Interests",
    "LoadedWriter",
    "StoryWriter",
    "Writer",
    "answer",
    "check",
    "check_digest",
    "extract",
    "generate_files",
    "load_writer",
    "open_endpoint",
]
