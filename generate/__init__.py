"""Generate: headlines and summaries by T5, GPT or an endpoint, held to it by a fact gate; answers, digests."""

from broadsheet.generate.extracts.answer import Answer, Cited, answer
from broadsheet.generate.extracts.digest import Digest, DigestSentence, digest
from broadsheet.generate.extracts.extract import extract
from broadsheet.generate.gate.facts import check, check_digest
from broadsheet.generate.stories.choice import Chooser
from broadsheet.generate.stories.edition_stories import generate_files
from broadsheet.generate.stories.followed_topics import FollowedTopics
from broadsheet.generate.stories.story_writer import StoryWriter
from broadsheet.generate.writers.endpoint.writer import EndpointWriter
from broadsheet.generate.writers.local import LocalWriter, load_writer
from broadsheet.generate.writers.open_writer import open_writer
from broadsheet.generate.writers.writer import Write, Writer

__all__ = [
    "Answer",
    "Chooser",
    "Cited",
    "Digest",
    "DigestSentence",
    "EndpointWriter",
    "FollowedTopics",
    "LocalWriter",
    "StoryWriter",
    "Write",
    "Writer",
    "answer",
    "check",
    "check_digest",
    "digest",
    "extract",
    "generate_files",
    "load_writer",
    "open_writer",
]
