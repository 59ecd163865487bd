"""The settings of the trainings: towers, cross-encoder, attentive scorer and writer, and of learning on."""

from typing import Annotated, Literal

from pydantic import Field

from broadsheet.config.section import MOST, Amount, AtLeastOne, Count, Share, section

Rate = Annotated[float, Field(ge=1e-9, le=1_000)]


@section
class TowersConfig:
    """How `broadsheet train towers` learns."""

    interests: AtLeastOne = 3
    "Interest vectors of a reader."
    layers: AtLeastOne = 1
    "Layers of the user tower."
    epochs: AtLeastOne = 8
    "Most passes over the training data."
    patience: AtLeastOne = 3
    "The training stops after this many epochs without a better nDCG@10 on the valid impressions."
    batch_size: Annotated[int, Field(ge=2, le=MOST)] = 64
    "Clicks of impressions, and readers, in one step of one process."
    next_clicks: Count = 0
    "Clicks learned from each reader's history in an epoch; 0 for none, or for one if there are no impressions."
    negatives: Count = 8
    "Articles that were shown beside each click and not clicked, at most this many."
    hard_negatives: Count = 0
    "Articles near the reader that the reader never clicked, found by the index, beside each click."
    learning_rate: Rate = 1e-3
    "The learning rate of the user tower."
    encoder_learning_rate: Rate = 2e-4
    "The learning rate of the news tower, if it learns too."
    weight_decay: Amount = 0.05
    "Weight decay of AdamW."
    dropout: Share = 0.1
    "Dropout of the user tower."
    history_drop: Share = 0.5
    "Share of clicks for which half of the history's articles are dropped."
    text_drop: Share = 0.3
    "Share of articles of which only the title or only the abstract is read."
    temperature: Annotated[float, Field(ge=0.01, le=MOST)] = 0.2
    "Temperature of the softmax at the start; it is learned."
    anchor: Amount = 1.0
    "Weight of staying near the untrained towers: larger for few clicks, 0 for many."
    in_batch: Amount = 0.1
    "Weight of telling a click from the other clicks of the batch, beside telling it from what was shown with it."
    distillation: Amount = 0.0
    "Weight of the cross-encoder's opinion of what was shown; 0 turns it off."
    adversarial: Amount = 0.0
    "How far article vectors are pushed in the direction that raises the loss (FGM); 0 turns it off."
    encode_history: bool = False
    "Whether history articles are encoded anew in each step, rather than once before the training."
    recompute: bool = False
    "Whether the encoder's activations are computed twice rather than kept: room for larger batches, a third more time."


LossName = Literal["listwise", "pairwise", "pointwise"]


@section
class RerankerConfig:
    """How `broadsheet train reranker` learns."""

    loss: LossName = "listwise"
    """What is compared. listwise: a click with all articles shown beside it. pairwise: a click with each of them.
    pointwise: each article with its label."""
    epochs: AtLeastOne = 2
    "Passes over the training data."
    batch_size: Annotated[int, Field(ge=2, le=MOST)] = 16
    "Clicks in one step."
    negatives: AtLeastOne = 5
    "Articles that were shown beside each click and not clicked, at most this many, drawn anew each epoch."
    learning_rate: Rate = 2e-4
    "The learning rate at its highest."
    weight_decay: Amount = 0.05
    "Weight decay of AdamW."
    long_read_seconds: Amount = 0.0
    "Least seconds of a long read; 0 for the median of the reads that the lists of the training split led to."
    history_cut: Share = 0.3
    "Share of clicks whose history is cut at a random place, so that short histories are learned too."


@section
class AttentionConfig:
    """How `broadsheet train attention` learns."""

    epochs: AtLeastOne = 4
    "Most passes over the training data."
    patience: AtLeastOne = 2
    "The training stops after this many epochs without a better nDCG@10 on the valid impressions."
    batch_size: Annotated[int, Field(ge=2, le=MOST)] = 64
    "Impressions in one step."
    negatives: AtLeastOne = 16
    "Articles that were shown beside the clicks and not clicked, at most this many, drawn anew each epoch."
    learning_rate: Rate = 1e-3
    "The learning rate at its highest."
    weight_decay: Amount = 0.05
    "Weight decay of AdamW."
    counters: Literal["live", "night"] = "live"
    """How old the counts of clicks and showings are when pages are made: "live" for those of the moment, "night" for
    those of the last midnight (UTC)."""
    appeal_decay: Amount = 5e-4
    "How strongly the appeal of a candidate's own text is held near 0: weaker for many clicks on many articles."
    dropout: Share = 0.1
    "Dropout of the network."
    long_read_seconds: Amount = 0.0
    "Least seconds of a long read; 0 for the median of the reads that the lists of the training split led to."
    history_cut: Share = 0.3
    "Share of impressions whose history is cut at a random place, so that short histories are learned too."


@section
class WriterConfig:
    """How `broadsheet train writer` learns."""

    epochs: AtLeastOne = 2
    "Most passes over the training data."
    patience: AtLeastOne = 1
    "The training stops after this many epochs without a smaller loss on the later articles."
    batch_size: Annotated[int, Field(ge=2, le=MOST)] = 8
    "Pairs of prompt and text in one step."
    learning_rate: Rate = 5e-4
    "The learning rate of adapters at its highest; with `--mode full` all weights learn at a tenth of it."
    weight_decay: Amount = 0.01
    "Weight decay of AdamW."
    rank: AtLeastOne = 8
    "Rank of the adapters."
    preference: Amount = 0.2
    "Weight of preferring the text that readers clicked to those that they passed over, for pairs that have both."


@section
class LearningConfig:
    """How `broadsheet learn` goes on from the models in use."""

    held_out: Annotated[float, Field(ge=0.05, le=0.9)] = 0.2
    "Share of the new impressions, the last by time, on which models that learned on are compared with those in use."
    replay: Annotated[float, Field(ge=0, le=0.9)] = 0.3
    "Share of older impressions among the examples, so that what was learned before is not forgotten."
    most: AtLeastOne = 20_000
    "Most new impressions to learn from, the newest."
    passes: AtLeastOne = 1
    "Passes over the examples."
    pace: Annotated[float, Field(ge=1e-6, le=MOST)] = 0.3
    "The learning rate, as a share of `learning_rate` under [towers] and [attention]."
    margin: Amount = 0.005
    "How far the lower bound of the change of nDCG@10 and of AUC may lie below 0 for a model to take its place."
