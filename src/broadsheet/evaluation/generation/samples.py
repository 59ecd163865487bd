"""Samples of the texts that the benchmark of generation wrote, for a person to judge."""

from pathlib import Path

from broadsheet.errors import InputError
from broadsheet.evaluation.generation.benchmark import WritingFindings
from broadsheet.evaluation.generation.examples import JOBS
from broadsheet.evaluation.generation.rows import MODELS, OURS, Text
from broadsheet.tables.files import write_text

MOST = 50


def refuse_inside(published: Path, folder: Path) -> None:
    """Raise InputError if the samples' folder lies inside a published folder, since titles are their publishers'."""
    if folder.resolve().is_relative_to(published):
        raise InputError(
            f"--samples {folder}: found a folder of {published.name}, which is published, and the titles are their "
            "publishers'. Name a folder elsewhere."
        )


def write_samples(findings: WritingFindings, folder: Path) -> None:
    """Write generation-samples.md into a folder: up to fifty articles' titles and what each row says of them."""
    write_text(folder / "generation-samples.md", samples_to_markdown(findings))


def samples_to_markdown(findings: WritingFindings) -> str:
    """Return up to fifty articles' titles and what each row says of them, those first where ours fell back."""
    ours = findings.written[OURS][0]
    order = sorted(range(len(findings.examples)), key=lambda place: (_rank(ours["headline"][place]), place))
    lines = ["# Samples", "", "Not for publication: titles are their publishers'. Of ours the first training.", ""]
    for place in order[:MOST]:
        one = findings.examples[place]
        lines += [f"## {one.title}", "", f"{one.news_id}. {one.abstract}".strip(), ""]
        for job in JOBS:
            for row, runs in findings.written.items():
                if job in runs[0]:
                    text = runs[0][job][place]
                    refused = f" (refused: {'; '.join(text.refused)})" if text.refused else ""
                    lines.append(f"- {job}, {row} [{text.method}]: {text.text}{refused}")
        lines.append("")
    return "\n".join(lines)


def _rank(text: Text) -> int:
    return 2 if text.method in MODELS else int(bool(text.text))
