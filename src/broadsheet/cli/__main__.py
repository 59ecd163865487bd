"""`python -m broadsheet.cli`."""

from broadsheet.cli.app import main

main()
