"""The commands `broadsheet train …`. Nothing heavy is imported before a command needs it."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import Room, say

training = typer.Typer(no_args_is_help=True, help="Train a newsroom's own models.")


@training.command("reranker", epilog="Example: broadsheet train reranker newsroom --train train --valid valid")
def train_reranker(
    train: Annotated[str, typer.Option(help="Split to learn from.")],
    valid: Annotated[str, typer.Option(help="Split to stop by.")],
    newsroom: Room = Path("newsroom"),
    mode: Annotated[str, typer.Option(help="What of the encoder learns: lora (adapters) or full.")] = "lora",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder to put it in, else the newsroom's models/reranker.")] = None,
) -> None:
    """Train the cross-encoder on impressions; builds and pipelines opened from then on use it."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.reranker import train_reranker as learn

    typer.echo(learn(Newsroom(newsroom), train=train, valid=valid, mode=mode, seed=seed, out=out, say=say))


@training.command("fusion", epilog="Example: broadsheet train fusion newsroom --train tune --valid valid")
def train_fusion(
    train: Annotated[str, typer.Option(help="Split to learn from; none that the other models learned from.")],
    valid: Annotated[str, typer.Option(help="Split on which it has to rank better than the weights.")],
    newsroom: Room = Path("newsroom"),
    seeds: Annotated[int, typer.Option(min=1, help="Ensembles of trees, whose scores are averaged.")] = 1,
) -> None:
    """Learn to fuse the ranking's signals on impressions; builds and pipelines opened from then on use it."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.fusion import train_fusion as learn

    typer.echo(learn(Newsroom(newsroom), train=train, valid=valid, seeds=seeds, say=say))


@training.command("towers", epilog="Example: broadsheet train towers newsroom --train train --valid valid --mode lora")
def train_towers(
    newsroom: Room = Path("newsroom"),
    train: Annotated[str | None, typer.Option(help="Split to learn from; without splits, the click log.")] = None,
    valid: Annotated[
        str | None, typer.Option(help="Split to stop by, and to choose the weights of the sources on.")
    ] = None,
    mode: Annotated[
        str, typer.Option(help="What learns: frozen (the user tower alone), lora, last-n or full (the news tower too).")
    ] = "frozen",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder to put them in, else the newsroom's models/towers.")] = None,
) -> None:
    """Train the towers on impressions and histories; builds and pipelines opened from then on use them."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.towers import train_towers as learn

    typer.echo(learn(Newsroom(newsroom), train=train, valid=valid, mode=mode, seed=seed, out=out, say=say))


@training.command("writer", epilog="Example: broadsheet train writer newsroom --job headline --until 2026-10-01")
def train_writer(
    newsroom: Room = Path("newsroom"),
    job: Annotated[list[str] | None, typer.Option(help="What it learns: headline, summary; both unless named.")] = None,
    lora: Annotated[bool, typer.Option("--lora/--full", help="What learns: adapters, or all weights.")] = True,
    until: Annotated[str, typer.Option(help="Day before which the articles were published.")] = "",
    personal: Annotated[Path | None, typer.Option(help="File of headlines that readers clicked or wrote.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder to put it in, else the newsroom's models/writer.")] = None,
) -> None:
    """Train the writer on the publisher's titles and abstracts; builds and pipelines opened from then on use it."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.writer import train_writer as learn
    from broadsheet.training.writer_pairs import read_day

    typer.echo(
        learn(
            Newsroom(newsroom),
            jobs=job or ("headline", "summary"),
            mode="lora" if lora else "full",
            until=read_day("--until", until),
            personal=personal,
            seed=seed,
            out=out,
            say=say,
        )
    )
