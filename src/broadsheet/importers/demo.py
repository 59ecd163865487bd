"""The demo newsroom: news articles of nine outlets from the winter of 2016/17, and six made-up readers."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from broadsheet.errors import CorpusError
from broadsheet.importers.demo_repairs import clean, clean_body
from broadsheet.importers.report import ImportReport
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom
from broadsheet.progress import track

ARTICLES = 3824
"Rows of the archive; one has neither title nor text and is skipped."

_MEMBER = "NewsArticles.csv"
_COLUMNS = {"article_id", "publish_date", "article_source_link", "title", "subtitle", "text"}
_OUTLETS = {
    "abcnews.go.com": "ABC News",
    "www.aljazeera.com": "Al Jazeera",
    "www.bbc.co.uk": "BBC",
    "europe.chinadaily.com.cn": "China Daily",
    "www.cnn.com": "CNN",
    "www.dw.com": "DW",
    "www.huffingtonpost.com": "HuffPost",
    "www.rte.ie": "RTÉ",
    "tass.com": "TASS",
}
_SECTIONS = {
    "business": "business/",
    "economy": "business/economy",
    "education": "education/",
    "entertainment": "entertainment/",
    "entertainment-arts": "entertainment/",
    "arts": "entertainment/arts",
    "design": "entertainment/design",
    "health": "health/",
    "ireland": "ireland/",
    **dict.fromkeys(["connacht", "dublin", "leinster", "munster", "regional", "ulster"], "ireland/"),
    "courts": "ireland/courts",
    "crime": "ireland/crime",
    "lifestyle": "lifestyle/",
    "travel": "lifestyle/travel",
    "opinion": "opinion/",
    "opinions": "opinion/",
    "politics": "politics/",
    "brexit": "politics/brexit",
    "assembly-election": "politics/northern-ireland",
    "science": "science/",
    "science-environment": "science/environment",
    "sport": "sports/",
    "sports": "sports/",
    **{name: f"sports/{name}" for name in ["football", "golf", "motorsport", "tennis"]},
    "tech": "technology/",
    "technology": "technology/",
    "uk": "uk/",
    "us": "us/",
    "world-us-canada": "us/",
    "world": "world/",
    "international": "world/",
    "middleeast": "world/middle-east",
    **{name: f"world/{name}" for name in ["africa", "americas", "asia", "china", "europe"]},
    "defense": "world/defence",
}
_REGION = re.compile(
    "(uk|world)-(england|northern-ireland|scotland|wales|africa|asia|australia|europe|latin-america|middle-east)(?:-|$)"
)
_SPORTS = {
    "cricket": "cricket",
    "football": "football",
    "racing": "racing",
    "rugby-union": "rugby",
    "soccer": "football",
}

_SEAM = re.compile(r'"\??,(?=\S)')
_HINT = "Get the pinned one with `broadsheet assets demo_news`."


def import_demo(newsroom: Newsroom, archive: Path) -> ImportReport:
    """Import the demo articles from the archive NewsArticles.zip, and the six made-up readers.

    A newsroom without settings gets a clock that stands at the latest article. Raises CorpusError if the archive is not
    the one expected; the newsroom is then as it was.
    """
    with Import(newsroom) as add:
        add.news(track(_articles(archive), "Importing the demo articles", total=ARTICLES))
        add.users(read_users())
        add.archive()
    return add.report


def read_users() -> list[dict[str, Any]]:
    """Return the made-up readers as rows of table users."""
    document = json.loads((files("broadsheet.importers") / "demo_users.json").read_text("utf-8"))
    users: list[dict[str, Any]] = document["users"]
    return users


def section(link: str) -> tuple[str, str]:
    """Return category and subcategory as far as the path of an article's link tells them; empty where it does not.

    >>> section("http://www.bbc.co.uk/news/world-africa-38893253")
    ('world', 'africa')
    """
    parts = [re.sub(r"[-\d]+$", "", part).lower() for part in urlsplit(link).path.split("/")]
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        category, subcategory = _named_section(part).split("/")
        if category == "sports":
            subcategory = _SPORTS.get(following, subcategory)
        if category:
            return category, subcategory
    return "", ""


def _named_section(name: str) -> str:
    """Return "category/subcategory" for one part of a path; the BBC joins the two by hyphens."""
    if re.fullmatch(r"uk-(scotland-scotland-)?politics|election-northern-ireland", name):
        return "politics/uk"
    if joined := _REGION.match(name):
        return f"{joined[1]}/{joined[2]}"
    return _SECTIONS.get(name, "/")


def _articles(archive: Path) -> Iterator[dict[str, Any]]:
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(_MEMBER) as file:
            rows = csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))
            if missing := _COLUMNS - set(rows.fieldnames or ()):
                raise CorpusError(f"{archive}: {_MEMBER} lacks the columns {sorted(missing)}. {_HINT}")
            yield from map(_article, rows)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, csv.Error) as error:
        if isinstance(error, CorpusError):
            raise
        raise CorpusError(f"{archive}: no zip file with a {_MEMBER} in UTF-8 ({error}). {_HINT}") from error


def _article(row: dict[str, str]) -> dict[str, Any]:
    link = row["article_source_link"].strip()
    title, subtitle, text = _without_byline(*_rejoined(row["title"], row["subtitle"], row["text"]))
    category, subcategory = section(link)
    return {
        "news_id": f"D{int(row['article_id']):04d}",
        "title": clean(title),
        "abstract": clean_body(subtitle),
        "body": clean_body(text),
        "category": category,
        "subcategory": subcategory,
        "language": "en",
        "source": _OUTLETS.get(urlsplit(link).netloc, ""),
        "url": link if urlsplit(link).scheme in ("http", "https") else "",
        "published_at": _day(row["publish_date"]),
    }


def _rejoined(title: str, subtitle: str, text: str) -> tuple[str, str, str]:
    """Mend the few rows whose columns were cut at a semicolon, or grew together where a column ends with a quote."""
    if seam := _SEAM.search(title):
        rest = title[seam.end() :].removesuffix('"').replace('""', '"')
        title = title[: seam.start()] + '"'
        if text == "-1":
            return title, rest, subtitle
        return title, f"{rest};{subtitle}".removesuffix('"').replace('""', '"'), text
    if subtitle.startswith(" "):
        return f"{title};{subtitle}", text, ""
    if text.startswith(" "):
        subtitle, text = f"{subtitle};{text}", ""
    if seam := _SEAM.search(subtitle):
        return title, subtitle[: seam.start()] + '"', subtitle[seam.end() :] + text
    return title, subtitle, text


def _without_byline(title: str, subtitle: str, text: str) -> tuple[str, str, str]:
    """Remove a byline that was scraped into the two columns: a name at the end of the title, "By" of the subtitle."""
    if not re.search(r"\sby\s*$", subtitle, re.IGNORECASE):
        return title, subtitle, text
    return re.sub(r" [A-Z]\w+ (?:(?:Al|El) )?[A-Za-z][\w-]+$", "", title), subtitle.rstrip()[:-2], text


def _day(date: str) -> datetime | None:
    """Return midnight UTC of a date such as 2016/12/30, whatever stands around it: no hour is reliable."""
    found = re.search(r"\d{4}/\d{1,2}/\d{1,2}", date)
    return datetime.strptime(found[0], "%Y/%m/%d").replace(tzinfo=UTC) if found else None
