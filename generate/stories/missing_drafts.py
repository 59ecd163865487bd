"""Stories that lack a draft, and why: they carry other words, and their drafts are asked for again."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NO_BUDGET = "no budget"
"What `checks` say of a draft that the budget did not reach."
NO_ANSWER = "no answer"
"What `checks` say of a draft that the writer did not give."
NOT_YET = "not yet"
"What `checks` say of a draft that a request did not wait for."


def answered(stories: pa.Table) -> pa.Table:
    """Return the rows of a STORIES table whose drafts were all there; the other rows are to be asked for again."""
    return stories.filter(pa.array(~lacks_a_draft(stories)))


def lacks_a_draft(stories: pa.Table, *reasons: str) -> npt.NDArray[np.bool_]:
    """Return whether each row of a STORIES table lacks a draft for one of the `reasons`; without them, for any."""
    checks = stories["checks"].combine_chunks()
    why = "|".join(reasons or (NO_ANSWER, NO_BUDGET, NOT_YET))
    failed = pc.match_substring_regex(pc.list_flatten(checks), rf"^\w+ (headline|summary): ({why})$")
    found = np.zeros(len(stories), bool)
    found[pc.list_parent_indices(checks).filter(failed)] = True
    return found
