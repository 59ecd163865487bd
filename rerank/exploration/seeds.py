"""Seeds: the random numbers of a page, the same in every process and on every machine.

They are made by SHA-256 and not by a generator of NumPy, whose numbers may change with its version.
"""

import hashlib

import numpy as np

from broadsheet.tables.arrays import Floats


def page_seed(page_id: str) -> int:
    """Return the seed of a page, 0 to 2**63 - 1: the first 63 bits of the SHA-256 of its id."""
    return int.from_bytes(hashlib.sha256(page_id.encode("utf-8", "surrogatepass")).digest()[:8], "big") >> 1


def uniforms(seed: int, count: int) -> Floats:
    """Return `count` random numbers from 0 to below 1, each with 53 random bits: the same for the same seed.

    Number i is made of the SHA-256 of the text "seed:i", so a longer list begins with the shorter list.
    """
    digests = (hashlib.sha256(f"{seed}:{number}".encode()).digest()[:8] for number in range(count))
    return np.array([(int.from_bytes(digest, "big") >> 11) / 2**53 for digest in digests])
