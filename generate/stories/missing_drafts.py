"""Stories of which no draft could be had, and why: they carry other words, and are asked for again."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NO_BUDGET = "no budget"
"What `checks` say of a draft that the night's budget did not reach."


def answered(stories: pa.Table) -> pa.Table:
    """Return the rows of a STORIES table without those of which a draft could not be had, to be asked for again."""
    lacking = lacks_a_draft(stories, NO_ANSWER) | lacks_a_draft(stories, NO_BUDGET)
    return stories.filter(pa.array(~lacking))


def lacks_a_draft(stories: pa.Table, why: str) -> npt.NDArray[np.bool_]:
    """Return for each row of a STORIES table whether a draft could not be had, for a reason: NO_ANSWER or NO_BUDGET."""
    checks = stories["checks"].combine_chunks()
    failed = pc.match_substring_regex(pc.list_flatten(checks), rf"^\w+ (headline|summary): {why}$")
    found = np.zeros(len(stories), bool)
    found[pc.list_parent_indices(checks).filter(failed)] = True
    return found


NO_ANSWER = "no answer"
"What `checks` say of a draft that could not be had."
