"""Opening the writer that the settings name: a model on this machine, or an endpoint; without a name, no writer."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from broadsheet.config.generate import GenerateConfig
from broadsheet.generate.writers.writer import Writer


def open_writer(
    settings: GenerateConfig,
    own: Path,
    *,
    shipped: bool = True,
    naming: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Writer | None:
    """Return the writer that `settings` name, or None for the publisher's own words; drafts nothing and asks nothing.

    `own` is the folder of the newsroom's own trained writer, which may be missing. Without `shipped` the adapters that
    come with the package are left out. A model on this machine is loaded at its first draft, within `naming()`, which
    may say in an error where the model's name was found. Raises ModelError if the model or the trained writer cannot
    be found, ConfigError if the key of an endpoint cannot be used.
    """
    if not settings.writer:
        return None
    if not settings.runs_here:
        from broadsheet.generate.writers.endpoint.writer import open_endpoint

        return open_endpoint(settings.writer, **vars(settings.endpoint))
    from broadsheet.generate.writers.local import open_local
    from broadsheet.generate.writers.trained import choose_tuned

    tuned = choose_tuned(settings.tuned, own, settings.writer, shipped=shipped)
    return open_local(settings.writer, tuned=tuned, drafts=settings.drafts, budget=settings.tokens, naming=naming)
