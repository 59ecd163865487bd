"""Write src/broadsheet/models/e5_centre.json: the mean vector of news, which is taken off each vector of asset:e5.

All vectors of multilingual-e5-small point much the same way: two unrelated titles have a cosine of .8. Without their
mean, unrelated titles have cosines near 0, as thresholds such as `story_similarity` expect, and the same article is
found in another language more often. The headlines are made up: eight subjects in twenty languages.

    broadsheet assets e5 && python scripts/make_e5_centre.py
"""

import json
from dataclasses import replace
from pathlib import Path

from broadsheet.models.loading import resolve
from broadsheet.models.sentence_recipe import read_recipe
from broadsheet.retrieval.towers.news_tower import load_news_tower

HEADLINES = Path(__file__).with_name("e5_headlines.txt")
"""Eight made-up headlines in each of twenty languages, an empty line between the languages."""


def main() -> None:
    """Encode the headlines as articles and as queries, and write both means to four decimals."""
    plain = replace(read_recipe(resolve("asset:e5")), centre=(), query_centre=())
    tower = load_news_tower("asset:e5", max_tokens=96, recipe=plain)
    texts = [line for line in HEADLINES.read_text("utf-8").splitlines() if line]
    means = {"query": tower.queries(texts).mean(0), "passage": tower(texts).mean(0)}
    content = {side: [round(float(number), 4) for number in mean] for side, mean in means.items()}
    (Path(__file__).parents[1] / "src/broadsheet/models/e5_centre.json").write_text(json.dumps(content) + "\n", "utf-8")


if __name__ == "__main__":
    main()
