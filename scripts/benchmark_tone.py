"""Count what the rules on tone refuse of real articles: how often they are wrong of a text that an editor let pass.

Takes each article's title as if it were a draft of the headline, with the article as it is and with the title left out
of it, and the sentences of its lead as drafts of headlines and of summaries. What is refused is named by its check, not
by its words, which are the publisher's; with --read it is printed in whole, to be judged.

Example: python scripts/benchmark_tone.py demo/newsroom --out benchmarks/results
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

_SHOWN = 12


def benchmark(
    newsroom: Annotated[Path, typer.Argument(help="A newsroom's folder, with articles.")],
    out: Annotated[Path | None, typer.Option(help="Folder for tone.json and tone.md.")] = None,
    read: Annotated[bool, typer.Option("--read", help="Print each text that is refused.")] = False,
) -> None:
    """Count the texts of each kind, those refused, and why."""
    from broadsheet.evaluation.report.document import make_folder, stamp
    from broadsheet.generate.gate.tone import TONE, tone_problems
    from broadsheet.newsroom import Newsroom
    from broadsheet.tables.arrow_files import read_table
    from broadsheet.tables.files import write_json, write_text
    from broadsheet.tables.schemas import NEWS

    if out:
        make_folder("--out", out)
    texts, refused = Counter[str](), Counter[str]()
    checks: dict[str, Counter[str]] = {}
    rows = read_table(Newsroom(newsroom).news, NEWS).to_pylist()
    for kind, text, article in (one for row in rows for one in _texts(row)):
        found = tone_problems(text, article, is_headline="headline" in kind)
        texts[kind] += 1
        refused[kind] += bool(found)
        checks.setdefault(kind, Counter()).update(found)
        if found and read:
            print(f"{kind}: {', '.join(found)}: {text}")
    document = {
        **stamp(Path(__file__).parent),
        "newsroom": newsroom.absolute().name,
        "rules": TONE,
        "articles": len(rows),
        "kinds": {
            kind: {"texts": texts[kind], "refused": refused[kind], "checks": dict(checks[kind].most_common())}
            for kind in texts
        },
    }
    print(_table(document))
    if out:
        write_json(out / "tone.json", document)
        write_text(out / "tone.md", _table(document))


def _texts(article: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    from broadsheet.generate.extracts.extract import lead_sentences
    from broadsheet.generate.stories.drafts import telling_sentences

    yield "title as headline", article["title"], article
    yield "title as headline, of an article without it", article["title"], {**article, "title": ""}
    lead = lead_sentences(article["body"] if article["body"].strip() else article["abstract"])
    telling = telling_sentences(article)
    yield from (("sentence of the lead that can be a headline", sentence, article) for sentence in telling)
    yield from (("sentence of the lead in a summary", sentence, article) for sentence in lead)


def _table(document: dict[str, Any]) -> str:
    lines = ["| text | number | refused | share | by most often |", "|---|---|---|---|---|"]
    for kind, row in document["kinds"].items():
        often = ", ".join(f"{check} {times}" for check, times in list(row["checks"].items())[:_SHOWN])
        share = row["refused"] / row["texts"]
        lines.append(f"| {kind} | {row['texts']:,} | {row['refused']:,} | {share:.4f} | {often} |")
    lines += ["", f"{document['articles']:,} articles; rules {document['rules']}; commit {document['commit'][:12]}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    from command import run

    run(benchmark)
