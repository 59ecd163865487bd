"""The JSON that several routes send: pages with their stories, and articles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Sentence(BaseModel):
    """A sentence of an answer, in the words of the articles that it cites."""

    text: str
    ranks: list[int] = Field(description="Ranks of the cited stories on the page.")
    news_ids: list[str]


class Answer(BaseModel):
    """What the articles of a page say to a request."""

    found: bool = Field(description="Whether anything in the newsroom matches the request.")
    text: str
    sentences: list[Sentence]


class Follows(BaseModel):
    """The reader's interests in words."""

    text: str = Field(description="Empty if nothing is known.")
    whose: str = Field(description="reader, publisher or history: whose words they are; empty if nothing is known.")


class Story(BaseModel):
    """A story of a page."""

    rank: int = Field(description="1 is best.")
    news_id: str
    title: str = Field(description="The publisher's headline.")
    headline: str
    summary: str
    score: float
    fused: float
    signals: dict[str, Any] = Field(description="The values that the score is made of; null where unknown.")
    reason: str
    because_news_id: str | None
    because_title: str | None
    category: str
    source: str
    url: str
    published_at: datetime | None
    kept: dict[str, str] = Field(description="The publisher's own columns.")
    marks: list[str] = Field(description="What a page says beside the story, such as sponsored, in its language.")
    method: dict[str, str] = Field(description="How headline and summary were made.")
    checks: list[str] | None
    digest: dict[str, Any] | None = Field(description="What several articles say of the event.")
    propensity: float = Field(description="Probability that this slot has this article, above 0 to 1.")
    conditional: float = Field(description="The same, given the slots above.")


class PageBody(BaseModel):
    """A page of stories, best first."""

    user_id: str = Field(description="Empty for a session or a request without a reader.")
    kind: str = Field(description="known, profile, new or request: what the page was made from.")
    request: str
    edition: str
    page_id: str = Field(description="Name it in the events of what the reader does on this page.")
    policy: str
    policy_version: str
    seed: int
    explored: int
    experiment: str
    arm: str
    as_of: datetime
    answer: Answer | None
    follows: Follows
    stories: list[Story]
    timings: dict[str, float] = Field(description="Seconds by stage.")


class Pages(BaseModel):
    """Pages in the order in which their readers were named."""

    pages: list[PageBody]


class ArticleBrief(BaseModel):
    """An article in a list."""

    news_id: str
    title: str
    abstract: str
    category: str
    subcategory: str
    language: str
    source: str
    url: str
    published_at: datetime | None
    kept: dict[str, str] = Field(description="The publisher's own columns.")


class Article(ArticleBrief):
    """An article with its text."""

    body: str


class Scored(ArticleBrief):
    """An article in a list that is ordered by a number."""

    score: float = Field(description="What its acts are worth at the moment, or how alike it is, by the list.")


class Articles(BaseModel):
    """A part of a list of articles."""

    edition: str
    articles: list[ArticleBrief]
    next: str | None = Field(description="The `cursor` of the next part; null at the end.")


class ScoredArticles(BaseModel):
    """A part of a list of articles that is ordered by a number."""

    edition: str
    articles: list[Scored]
    next: str | None = Field(description="The `cursor` of the next part; null at the end.")
