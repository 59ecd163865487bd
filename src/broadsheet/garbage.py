"""How often a process looks for garbage."""

import gc


def collect_rarely() -> None:
    """Look for garbage after 100,000 new objects, not after 700; for processes that run nothing but Broadsheet.

    Importing torch and transformers makes some millions of objects that stay, and Python would look through them again
    and again: importing BERT takes 4.7 s of processor time in place of 6. Only the youngest objects are looked through
    later than Python does by itself: what survived is looked through after as many rounds as before, so that a night
    holds on to no large arrays in circles of objects.
    """
    gc.set_threshold(100_000)
