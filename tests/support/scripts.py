"""Scripts of a person, run as a function, and how the plots that they write begin."""

import importlib

PNG = b"\x89PNG\r\n"


def run_script(name, *arguments, **options):
    importlib.import_module(f"scripts.{name}").benchmark(*arguments, **options)
