"""The commands `broadsheet train …` and `broadsheet learn`. Nothing heavy is imported before a command needs it."""

from pathlib import Path
from typing import Annotated

import typer

from broadsheet.cli.options import DEFAULT_ROOM, Room, Seed, as_options, say, tell

TRAINING = {"train": "--train", "valid": "--valid", "out": "--out"}
"""The options that all trainings share, by the arguments that the library calls them by."""

training = typer.Typer(no_args_is_help=True, help="Train a newsroom's own models.")


@training.command("reranker", epilog="Example: broadsheet train reranker newsroom --train train --valid valid")
def train_reranker(
    train: Annotated[str, typer.Option(help="Split to learn from.")],
    valid: Annotated[str, typer.Option(help="Split that decides when the training stops.")],
    newsroom: Room = Path("newsroom"),
    mode: Annotated[
        str, typer.Option(help="What learns: lora (adapters of the encoder) or full (all of its weights).")
    ] = "lora",
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result; the newsroom's models/reranker if it is not given.")
    ] = None,
) -> None:
    """Train the cross-encoder on impressions. The next build, and pipelines opened from then on, use it."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.reranker import train_reranker as learn

    with as_options(**TRAINING):
        tell(learn(Newsroom(newsroom), train=train, valid=valid, mode=mode, seed=seed, out=out, say=say))


@training.command("attention", epilog="Example: broadsheet train attention newsroom --train train --valid valid")
def train_attention(
    train: Annotated[str, typer.Option(help="Split to learn from.")],
    valid: Annotated[str, typer.Option(help="Split that decides when the training stops.")],
    newsroom: Room = Path("newsroom"),
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result; the newsroom's models/attention if it is not given.")
    ] = None,
) -> None:
    """Train the attentive scorer on impressions. The next build, and pipelines opened from then on, use it."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.attention import train_attention as learn

    with as_options(**TRAINING):
        tell(learn(Newsroom(newsroom), train=train, valid=valid, seed=seed, out=out, say=say))


@training.command("fusion", epilog="Example: broadsheet train fusion newsroom --train tune --valid valid")
def train_fusion(
    train: Annotated[str, typer.Option(help="Split to learn from. No other model may have learned from it.")],
    valid: Annotated[
        str, typer.Option(help="Split on which the result must rank better than the weights, or it is not kept.")
    ],
    newsroom: Room = Path("newsroom"),
    seeds: Annotated[
        int, typer.Option(min=1, help="How many ensembles of trees to train; their scores are averaged.")
    ] = 1,
) -> None:
    """Learn from impressions how to make one score of the signals.

    The next build, and pipelines opened from then on, use it.
    """
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.fusion import train_fusion as learn

    with as_options(**TRAINING):
        tell(learn(Newsroom(newsroom), train=train, valid=valid, seeds=seeds, say=say))


@training.command("towers", epilog="Example: broadsheet train towers newsroom --train train --valid valid --mode lora")
def train_towers(
    newsroom: Room = Path("newsroom"),
    train: Annotated[
        str | None,
        typer.Option(help="Split to learn from. Without --train and --valid, the towers learn from the click log."),
    ] = None,
    valid: Annotated[
        str | None,
        typer.Option(help="Split that decides when the training stops, and which weights the candidate sources get."),
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            help="What learns: frozen (only the user tower), or the news tower too, by lora, last-N (layers) or full."
        ),
    ] = "frozen",
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result; the newsroom's models/towers if it is not given.")
    ] = None,
) -> None:
    """Train the towers on impressions and histories. The next build, and pipelines opened from then on, use them."""
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.towers import train_towers as learn

    with as_options(**TRAINING):
        tell(learn(Newsroom(newsroom), train=train, valid=valid, mode=mode, seed=seed, out=out, say=say))


@training.command("writer", epilog="Example: broadsheet train writer newsroom --job headline --until 2026-10-01")
def train_writer(
    newsroom: Room = Path("newsroom"),
    job: Annotated[
        list[str] | None, typer.Option(help="What the writer learns: headline or summary; both if it is not given.")
    ] = None,
    lora: Annotated[
        bool, typer.Option("--lora/--full", help="What learns: adapters, or all weights of the model.")
    ] = True,
    until: Annotated[
        str, typer.Option(help="Learn only from articles published before this day, such as 2026-10-01.")
    ] = "",
    personal: Annotated[
        Path | None, typer.Option(help="File of headlines that readers clicked or wrote themselves.")
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result; the newsroom's models/writer if it is not given.")
    ] = None,
) -> None:
    """Train the writer on the publisher's titles and abstracts.

    The next build, and pipelines opened from then on, use it.
    """
    from broadsheet.newsroom import Newsroom
    from broadsheet.training.writer import train_writer as learn
    from broadsheet.training.writer_pairs import read_day

    with as_options(**TRAINING):
        tell(
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


def learn(
    newsroom: Room = DEFAULT_ROOM,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Split of impressions to learn from; can be repeated. Without it, all splits."),
    ] = None,
    seed: Seed = 0,
    undo: Annotated[
        bool, typer.Option("--undo", help="Learn nothing; put the models back in use that the last switch replaced.")
    ] = False,
) -> None:
    """Let the models in use learn on from new clicks; what ranks the newest clicks no worse takes their place.

    Article vectors stay as they are. The next build, and pipelines opened from then on, use the models.
    """
    from broadsheet.newsroom import Newsroom
    from broadsheet.newsroom.learned import take_back

    if undo:
        former, names = take_back(Newsroom(newsroom))
        tell(f"{', '.join(names)}: back to the former models, {former}.")
        return
    from broadsheet.training.learning_on.learn import learn as go_on

    with as_options(splits="--split"):
        tell(go_on(Newsroom(newsroom), splits=split or (), seed=seed, say=say)["why"])
