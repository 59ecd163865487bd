"""The command line. Nothing heavy is imported before a command needs it."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.ending import run_command
from broadsheet.cli.evaluation import evaluation, experiment
from broadsheet.cli.export import export
from broadsheet.cli.imports import imports
from broadsheet.cli.live import add, forget, letter, log, mute, profile, push, unmute, withdraw, write
from broadsheet.cli.operations import operation
from broadsheet.cli.options import DEFAULT_ROOM, Room, as_options, say, tell
from broadsheet.cli.service import keys, serve, users
from broadsheet.cli.training import learn, training
from broadsheet.version import __version__

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",  # rich markup would swallow what stands in brackets, such as [gate]
    help="A newspaper written for one reader.",
    epilog="Start with: broadsheet assets && broadsheet demo",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(imports, name="import")
app.add_typer(training, name="train")
app.add_typer(export, name="export")
app.add_typer(evaluation, name="evaluate")
app.command(epilog="Example: broadsheet learn newsroom")(learn)
app.command(epilog="Example: broadsheet add newsroom late.jsonl --column title=headline")(add)
app.command(epilog="Example: broadsheet withdraw newsroom N1 N2")(withdraw)
app.command(epilog="Example: broadsheet write newsroom")(write)
app.command(epilog="Example: broadsheet log newsroom events.jsonl")(log)
app.command(epilog="Example: broadsheet mute newsroom maya-politics --category sports --source Fox")(mute)
app.command(epilog="Example: broadsheet unmute newsroom maya-politics --category sports")(unmute)
app.command(epilog='Example: broadsheet profile newsroom maya-politics --set "space and chess"')(profile)
app.command(epilog="Example: broadsheet forget newsroom maya-politics   Then: broadsheet build newsroom")(forget)
app.command(epilog="Example: broadsheet serve demo/newsroom   Then open http://127.0.0.1:8000/")(serve)
app.add_typer(keys, name="keys")
app.add_typer(users, name="users")
app.command(epilog="Example: broadsheet letter newsroom --addresses readers.csv --all --out letters")(letter)
app.command(epilog="Example: broadsheet push newsroom --zones readers.csv")(push)
app.add_typer(operation)
app.command(epilog="Example: broadsheet experiment newsroom fresher --out reports")(experiment)

AtNewsroom = Annotated[
    Path | None,
    typer.Option(
        "--newsroom", envvar="BROADSHEET_NEWSROOM", help="The newsroom's folder; ./newsroom if it is not given."
    ),
]
Stories = Annotated[int, typer.Option("--k", "-k", help="Most stories on the page, at most 1000.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsHtml = Annotated[Path | None, typer.Option("--html", help="Write the page to this HTML file.")]


def _print_version(asked: bool) -> None:
    if asked:
        tell(f"broadsheet {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Take the options of the command line as a whole."""


@app.command(epilog="Example: broadsheet assets   Then: broadsheet import demo --into newsroom")
def assets(
    names: Annotated[
        list[str] | None, typer.Argument(help="minilm, smollm2, demo_news or e5; the first three if no name is given.")
    ] = None,
) -> None:
    """Download the default models and the demo articles into $BROADSHEET_CACHE, or the user's own cache folder."""
    from broadsheet.models import assets as store

    for name, path in store.get(names or store.DEFAULTS, say=say).items():
        tell(f"{name}: {path}")


@app.command(epilog="Example: broadsheet run maya-politics --html page.html")
def run(
    user: Annotated[str, typer.Argument(help="The reader's id.")],
    newsroom: AtNewsroom = None,
    k: Stories = 10,
    json: AsJson = False,
    html: AsHtml = None,
    name: Annotated[str, typer.Option(help="The reader's name as the page shows it, in place of the id.")] = "",
) -> None:
    """Print the page of one reader."""
    from broadsheet.cli.printing import show
    from broadsheet.pipeline import open_newsroom

    show(open_newsroom(newsroom).run(user, k, name=name), as_json=json, html=html)


@app.command(epilog='Example: broadsheet ask "quiet long reads on space"')
def ask(
    text: Annotated[str, typer.Argument(help="What the reader wants to read about.")],
    newsroom: AtNewsroom = None,
    k: Stories = 10,
    json: AsJson = False,
    html: AsHtml = None,
) -> None:
    """Print a page of articles that answer a request in the reader's own words."""
    from broadsheet.cli.printing import show_answer
    from broadsheet.pipeline import open_newsroom

    show_answer(open_newsroom(newsroom).ask_stream(text, k), as_json=json, html=html)


@app.command(epilog="Example: broadsheet demo   Then open demo/*.html")
def demo(
    newsroom: Annotated[Path, typer.Option(help="Folder of the demo newsroom.")] = Path("demo/newsroom"),
    pages: Annotated[Path, typer.Option(help="Folder for the HTML pages.")] = Path("demo"),
) -> None:
    """Make the demo newsroom, print three readers' pages and one answer, and write all pages as HTML."""
    from broadsheet.cli.demo import show_demo

    show_demo(newsroom, pages, say)


@app.command(epilog="Example: broadsheet stage rerank newsroom --out again")
def stage(
    name: Annotated[str, typer.Argument(help="encode, index, retrieve, rerank, generate or digest.")],
    newsroom: Room = DEFAULT_ROOM,
    out: Annotated[Path, typer.Option(help="Folder for the tables that the stage writes.")] = Path("stage-out"),
) -> None:
    """Run one stage alone, with the files of the current edition as its input."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.nightly.stages import run_stage

    with as_options(out="--out"):
        tell(run_stage(Newsroom(newsroom), name, out))


def main() -> None:
    """Run the command line; `run_command` says with which exit code it ends."""
    run_command("broadsheet", app)


if __name__ == "__main__":
    main()
