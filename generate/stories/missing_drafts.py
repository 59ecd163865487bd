"""Stories that lack a draft, and why: they carry other words, and the next build asks for the drafts again."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NO_BUDGET = "no budget"
"What `checks` say of a draft that the budget did not reach."


def answered(stories: pa.Table) -> pa.Table:
    """Return the rows of a STORIES table whose drafts were all there; the other rows are to be asked for again."""
    lacking = lacks_a_draft(stories, NO_ANSWER) | lacks_a_draft(stories, NO_BUDGET)
    return stories.filter(pa.array(~lacking))


def lacks_a_draft(stories: pa.Table, why: str) -> npt.NDArray[np.bool_]:
    """Return for each row of a STORIES table whether it lacks a draft for the reason `why`: NO_ANSWER or NO_BUDGET."""
    checks = stories["checks"].combine_chunks()
    failed = pc.match_substring_regex(pc.list_flatten(checks), rf"^\w+ (headline|summary): {why}$")
    found = np.zeros(len(stories), bool)
    found[pc.list_parent_indices(checks).filter(failed)] = True
    return found


NO_ANSWER = "no answer"
"What `checks` say of a draft that the writer did not give."
