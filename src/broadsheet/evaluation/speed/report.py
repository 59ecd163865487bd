"""Parts that the speed reports share: the line on the processor, tables and the plot."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from broadsheet.evaluation.report.plots import new_figure, save
from broadsheet.markdown import table

OURS = "Broadsheet"
"""The row that is not sentence-transformers'."""


def processor() -> dict[str, Any]:
    """Return what decides which products are fast: the cores that torch uses, and the processor's own instructions."""
    import torch

    able = torch.cpu.get_capabilities()
    names = ("avx2", "avx512_f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
    return {
        "name": able.get("cpu_name"),
        "threads": torch.get_num_threads(),
        "instructions": [name for name in names if able.get(name)],
    }


def table_of_rows(corner: str, columns: Mapping[str, tuple[str, str]], rows: Mapping[str, Any]) -> list[str]:
    """Return a Markdown table of rows; `columns` are keys of a row, each with a head and a format such as `.2f`."""
    return table(
        [corner, *(head for head, _ in columns.values())],
        (
            [name if name == OURS else f"sentence-transformers, {name}"]
            + [format(row[key], form) if key in row else "" for key, (_, form) in columns.items()]
            for name, row in rows.items()
        ),
    )


def machine_lines(document: Mapping[str, Any]) -> list[str]:
    """Return a line about the processor, and one for each row left out."""
    found = document["processor"]
    machine = f"{found['name']}, {found['threads']} threads, {', '.join(found['instructions'])}."
    return [machine, *(f"Left out: {name} ({why})." for name, why in document["skipped"].items())]


def plot_bars(values: Mapping[str, float], label: str, path: Path) -> None:
    """Draw a bar with its figure for each row, as PNG."""
    axes = (figure := new_figure(7, 0.4 * len(values) + 1)).subplots()
    axes.bar_label(axes.barh(list(values), list(values.values()), color="#1d1b17"), fmt="%.0f", padding=3)
    axes.margins(x=0.12)  # room for the label of the longest
    axes.invert_yaxis()
    axes.set_xlabel(label)
    save(figure, path)
