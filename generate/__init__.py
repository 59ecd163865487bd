"""Generate: headlines and summaries by T5, GPT or an endpoint, held to it by a fact gate; answers, digests."""

from broadsheet.generate.answer import Answer, Cited, answer
from broadsheet.generate.choice import Chooser
from broadsheet.generate.digest import Digest, DigestSentence, digest
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
    "Digest",
    "DigestSentence",
    "EndpointWriter",
    "Interests",
    "LoadedWriter",
    "StoryWriter",
    "Writer",
    "answer",
    "check",
    "check_digest",
    "digest",
    "extract",
    "generate_files",
    "load_writer",
    "open_endpoint",
]
