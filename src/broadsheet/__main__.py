"""`python -m broadsheet`: the command line."""

from broadsheet.cli.app import main

if __name__ == "__main__":
    main()
