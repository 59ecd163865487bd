"""Leaving articles out of an edition that are past their age limit, or have expired; the corpus keeps them."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from broadsheet.config.nightly import ArticlesConfig
from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Edition
from broadsheet.tables.arrow_files import epoch_seconds, read_table, write_table
from broadsheet.tables.schemas import NEWS

DAY = 86_400.0


def expired(news: pa.Table, limits: ArticlesConfig, as_of: datetime) -> npt.NDArray[np.bool_]:
    """Return a flag for each article of a news table: whether it is older than its category's limit at time `as_of`.

    False for an article without a publication time, and for every article of a category whose limit is 0.
    """
    days = np.full(len(news), limits.max_age_days)
    for category, limit in limits.max_age_days_by_category.items():
        days[np.asarray(pc.equal(news.column("category"), category))] = limit
    age = (as_of.timestamp() - epoch_seconds(news.column("published_at"))) / DAY
    beyond: npt.NDArray[np.bool_] = (days > 0) & (age > days)  # without a time the age is NaN, and NaN > days is False
    return beyond


def expire(edition: Edition, limits: ArticlesConfig, as_of: datetime, now: datetime) -> pa.Array:
    """Take expired articles out of the news table of an edition that is being built, and return their ids.

    Articles are expired by the limits as of the time of pages, `as_of`, or by their own `expires_at` as of `now`.
    Raises NewsroomError if no article is left.
    """
    news = read_table(edition.news, NEWS)
    own = epoch_seconds(news.column("expires_at")) <= now.timestamp()  # False for NaN, an article that does not expire
    gone = expired(news, limits, as_of) | own
    if not gone.any():
        return pa.array([], pa.string())
    if gone.all():
        raise NewsroomError(
            f"{edition.news}: all {len(news)} articles are older than [articles] allows as of {as_of:%Y-%m-%d %H:%M}, "
            "or have expired by their own expires_at. "
            'Import newer articles, raise max_age_days, or for an archive set clock = "latest".'
        )
    write_table(edition.news, news.filter(pa.array(~gone)), NEWS)
    return news.column("news_id").filter(pa.array(gone)).combine_chunks()
