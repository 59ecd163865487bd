"""Imported by the process that tests fork from: what a build imports and compiles at its first use, once for all forks.

It starts no thread, since a fork would have the thread's locks without the thread.
"""

import rich.progress
from transformers.conversion_mapping import get_checkpoint_conversion_mapping

import broadsheet.generate.extracts.key_facts
import broadsheet.generate.extracts.shared_names
import broadsheet.generate.extracts.topics
import broadsheet.generate.writers.trained
import broadsheet.rerank.cross_encoder.earlier_scores
import broadsheet.workbench.source_weights  # noqa: F401

get_checkpoint_conversion_mapping("bert")  # compiles a thousand patterns
__all__ = ["rich"]
