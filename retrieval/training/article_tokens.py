"""Articles as token batches of like length, with the title or the abstract left out at times while training."""

import random
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import torch

from broadsheet.models.batching import length_buckets, pad
from broadsheet.retrieval.towers.article_text import PLAIN, ArticleText, news_text


class ArticleTokens:
    """Tokenises articles of a news table by row.

    It draws with `random`, whose state a checkpoint holds, which articles lose their title or their abstract.
    """

    def __init__(
        self,
        news: pa.Table,
        tokenizer: Any,  # noqa: ANN401
        *,
        max_tokens: int,
        text_drop: float,
        text: ArticleText = PLAIN,
        prefix: str = "",
    ) -> None:
        """Take what is read of an article, and what stands before it, as the news tower has them."""
        self._prefix = prefix
        self._news, self._read = news.select(list(text.columns)), text
        self._tokenizer, self._max_tokens, self._text_drop = tokenizer, max_tokens, text_drop

    def __call__(self, rows: Sequence[int]) -> list[dict[str, Any]]:
        """Return batches with input_ids and attention_mask (texts, tokens), and `places` (texts,) among the rows."""
        if not len(rows):  # a tokenizer does not take an empty list
            return []
        articles = self._news.take(pa.array(rows, pa.int64())).to_pylist()
        texts = [self._text(**article) for article in articles]
        found = self._tokenizer(texts, truncation=True, max_length=self._max_tokens)["input_ids"]
        batches = []
        for places in length_buckets([len(ids) for ids in found]):
            made = pad([{"input_ids": found[place]} for place in places], int(self._tokenizer.pad_token_id or 0))
            batches.append({**made, "places": torch.tensor(places)})
        return batches

    def _text(self, title: str, abstract: str, category: str, body: str = "") -> str:
        abstract = self._read.abstract(title, abstract, body)
        if abstract and random.random() < self._text_drop:
            title, abstract = random.choice([(title, ""), ("", abstract)])
        return self._prefix + news_text(title, abstract, category)
