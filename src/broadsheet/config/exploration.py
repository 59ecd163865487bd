"""The settings of exploration: some slots of a page take another article than the best, by chance."""

from typing import Annotated, Literal

from pydantic import Field

from broadsheet.config.section import MOST, Amount, Count, Share, section


@section
class ExplorationConfig:
    """How pages on request show other articles than the best, so that the log tells what readers do with them."""

    policy: Literal["none", "epsilon-greedy", "softmax", "thompson"] = "none"
    """How an open slot gets its article. "none": no slot is open. "epsilon-greedy": any article of the list, with
    probability epsilon. "softmax": the better the score, the more probable (Plackett-Luce). "thompson": the best
    article left, or a young article whose click rate may be higher."""
    epsilon: Share = 0.1
    "Probability that an open slot takes any article that is left, each with the same probability (epsilon-greedy)."
    temperature: Annotated[float, Field(ge=0.01, le=MOST)] = 0.1
    """Distance of two scores at which the better article is 2.7 times as probable (softmax). The scores of a list reach
    from 0 to 1; a high temperature makes all articles equally probable."""
    young_hours: Amount = 24.0
    "Hours after its publication for which an article is young (thompson)."
    slots: Annotated[int, Field(ge=0, le=1000)] = 2
    "Most slots of a page that are open to exploration, chosen by chance. With 3 or more a page takes longer to make."
    reader_slots: Count = 20
    "Most slots of a reader's pages of a day, by UTC, that take another article than the best left."
