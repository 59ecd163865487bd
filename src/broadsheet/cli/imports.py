"""The commands `import demo | mind | ebnerd | tables | dataset | own | reader`. Each imports when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import DEFAULT_ROOM, Columns, Html, Keep, Quoting, as_options, read_columns, read_keep, tell
from broadsheet.errors import InputError

imports = typer.Typer(no_args_is_help=True, help="Import articles, readers and clicks into a newsroom.")

Into = Annotated[
    Path,
    typer.Option(
        "--into", envvar="BROADSHEET_NEWSROOM", help="The newsroom's folder. It is made if it does not exist."
    ),
]


@imports.command("demo", epilog="Example: broadsheet import demo --into newsroom   Then: broadsheet build newsroom")
def import_demo(into: Into = DEFAULT_ROOM) -> None:
    """Make the demo newsroom: 3,823 real articles and six made-up readers."""
    from broadsheet.importers.demo import import_demo as take
    from broadsheet.models import assets as store
    from broadsheet.newsroom import Newsroom

    tell(take(Newsroom(into), store.find("demo_news")))


@imports.command("mind", epilog="Example: broadsheet import mind MINDsmall_train --into newsroom --split train")
def import_mind(
    directory: Annotated[Path, typer.Argument(help="A folder with news.tsv and behaviors.tsv.")],
    into: Into = DEFAULT_ROOM,
    split: Annotated[
        str, typer.Option(help="Name for the impressions of this folder, such as train or valid.")
    ] = "train",
) -> None:
    """Import a folder of MIND, the Microsoft News Dataset."""
    from broadsheet.importers.mind import import_mind as take
    from broadsheet.newsroom import Newsroom

    tell(take(directory, Newsroom(into), split))


@imports.command("ebnerd", epilog="Example: broadsheet import ebnerd ebnerd_small --into newsroom --split train")
def import_ebnerd(
    directory: Annotated[
        Path, typer.Argument(help="A folder with articles.parquet, and for each split a folder of its name.")
    ],
    into: Into = DEFAULT_ROOM,
    split: Annotated[str, typer.Option(help="The split to take: a folder such as train or validation.")] = "train",
) -> None:
    """Import a split of EB-NeRD, the data set of the newspaper Ekstra Bladet."""
    from broadsheet.importers.ebnerd.splits import import_ebnerd as take
    from broadsheet.newsroom import Newsroom

    tell(take(directory, Newsroom(into), split))


@imports.command(
    "tables", epilog="Example: broadsheet import tables --news a.parquet --clicks c.csv.gz --column title=headline"
)
def import_tables(
    news: Annotated[Path | None, typer.Option(help="Articles: CSV, TSV, JSON or Parquet, or their folder.")] = None,
    clicks: Annotated[
        Path | None, typer.Option(help="File of clicks, with the columns user_id, news_id and time.")
    ] = None,
    users: Annotated[
        Path | None, typer.Option(help="File of readers, with the columns user_id, history, profile and hidden.")
    ] = None,
    impressions: Annotated[
        Path | None,
        typer.Option(
            help="File of lists that were shown: user_id, time and shown, with clicked or clicked_ids; or a row for "
            "each shown article, with news_id and clicked."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="Name for these impressions, such as train or valid.")] = "train",
    column: Columns = None,
    keep: Keep = None,
    quoting: Quoting = "auto",
    html: Html = "",
    into: Into = DEFAULT_ROOM,
) -> None:
    """Import a publisher's own tables."""
    from broadsheet.importers.tables import import_tables as take
    from broadsheet.newsroom import Newsroom

    if not (news or clicks or users or impressions):
        raise InputError(
            "no file was named; expected --news, --clicks, --users or --impressions. Name one of them or more."
        )
    kept = read_keep(keep)
    with as_options(column="--column", keep="--keep", quoting="--quoting", html="--html"):
        how = {"quoting": quoting, "html": html, "split": split}
        names = read_columns(column)
        tell(take(Newsroom(into), news, clicks, users, names, keep=kept, impressions=impressions, **how))


@imports.command(
    "dataset", epilog="Example: broadsheet import dataset articles.parquet --column title=headline --into newsroom"
)
def import_dataset(
    name: Annotated[str, typer.Argument(help="A local file or folder, else the name of a data set on the hub.")],
    table: Annotated[str, typer.Option(help="What its rows are: news, clicks, users or impressions.")] = "news",
    split: Annotated[str, typer.Option(help="The split to take.")] = "train",
    into_split: Annotated[
        str, typer.Option(help="Name for impressions, such as train or valid; the name of their split without it.")
    ] = "",
    config: Annotated[str | None, typer.Option(help="The configuration, if the data set has several.")] = None,
    column: Columns = None,
    keep: Keep = None,
    quoting: Quoting = "auto",
    html: Html = "",
    into: Into = DEFAULT_ROOM,
) -> None:
    """Import a data set of Hugging Face's datasets; needs the extra broadsheet[datasets]."""
    from broadsheet.importers.dataset import import_dataset as take
    from broadsheet.newsroom import Newsroom

    names, kept = read_columns(column), read_keep(keep)
    options = {"column": "--column", "table": "--table", "split": "--split", "keep": "--keep", "html": "--html"}
    with as_options(**options, quoting="--quoting", into_split="--into-split"):
        room, how = Newsroom(into), {"quoting": quoting, "html": html, "into_split": into_split}
        tell(take(room, name, table, names, keep=kept, split=split, config=config, **how))


@imports.command("own", epilog="Example: broadsheet import own feed articles.xml --into newsroom")
def import_own(
    name: Annotated[str, typer.Argument(help="The importer's name in broadsheet.toml, under [own.importers].")],
    path: Annotated[Path, typer.Argument(help="The file or folder that it reads.")],
    keep: Keep = None,
    into: Into = DEFAULT_ROOM,
) -> None:
    """Take what an importer of your own reads."""
    from broadsheet.importers.own import import_own as take
    from broadsheet.newsroom import Newsroom

    tell(take(Newsroom(into), name, path, keep=read_keep(keep)))


@imports.command("reader", epilog="Example: broadsheet import reader maya.jsonl --into newsroom")
def import_reader(
    file: Annotated[Path, typer.Argument(help="A file that `broadsheet export reader` wrote.")],
    into: Into = DEFAULT_ROOM,
) -> None:
    """Take what another newsroom held of a reader."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.operations.reader_import import import_reader as take

    tell(take(Newsroom(into), file))
