"""Split a MIND folder in two by time, so that the later part can choose what the earlier one trains.

python scripts/split_mind.py MINDsmall_train 2019-11-14 OUT   # OUT/before and OUT/after, each a folder of MIND
"""

import argparse
import shutil
from datetime import datetime
from pathlib import Path


def split(source: Path, moment: datetime, out: Path) -> dict[str, int]:
    """Write OUT/before and OUT/after, the impressions before `moment` and from it on; returns how many each."""
    counts = {"before": 0, "after": 0}
    for name in counts:
        (out / name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / "news.tsv", out / name / "news.tsv")
    with (
        (source / "behaviors.tsv").open(encoding="utf-8") as lines,
        (out / "before" / "behaviors.tsv").open("w", encoding="utf-8") as before,
        (out / "after" / "behaviors.tsv").open("w", encoding="utf-8") as after,
    ):
        for line in lines:
            early = datetime.strptime(line.split("\t")[2], "%m/%d/%Y %I:%M:%S %p") < moment
            (before if early else after).write(line)
            counts["before" if early else "after"] += 1
    return counts


def main() -> None:
    """Read the arguments and split."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="a folder of MIND")
    parser.add_argument("moment", type=datetime.fromisoformat, help="YYYY-MM-DD, UTC")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    print(split(arguments.source, arguments.moment, arguments.out))


if __name__ == "__main__":
    main()
