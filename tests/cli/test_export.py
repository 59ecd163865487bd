"""The commands `export`: what they print, where they write, and what they refuse."""

import os
import threading

import numpy as np
import pytest


def test_each_export_says_what_it_wrote_and_files_stand_where_the_name_leads(command, clicked, tmp_path):
    (tmp_path / "link.trec").symlink_to("real.trec")
    code, out, err = command("export", "run", clicked.path, "--out", "link.trec")
    assert code == 0 and not out and err.startswith("link.trec: ") and " readers by edition " in err
    assert (tmp_path / "link.trec").is_symlink() and " Q0 " in (tmp_path / "real.trec").read_text()
    assert command("export", "vectors", clicked.path, "--out", "vectors")[0] == 0
    assert np.load(tmp_path / "vectors" / "news_vectors.npy").ndim == 2


def test_a_pipe_hands_the_run_to_its_reader(command, clicked, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    taken = []
    reader = threading.Thread(target=lambda: taken.append((tmp_path / "pipe").read_text()))
    reader.start()
    assert command("export", "run", clicked.path, "--out", "pipe")[0] == 0
    reader.join(10)
    assert taken[0].splitlines()[0].split()[1] == "Q0" and (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run ROOM --out run.csv", "--out run.csv: found the suffix '.csv', expected .trec"),
        ("run ROOM --tag", "requires an argument"),
        ("run ROOM --edition 2020", "no edition '2020'. There are: "),
        ("run ROOM --out ROOM/current/run.trec", "where no file may change"),
        ("run ROOM/none", "no edition is published"),
        ("qrels ROOM --hours 0", "--hours: found 0.0, expected more than 0"),
        ("qrels ROOM --hours nan", "--hours: found nan, expected more than 0"),
        ("qrels ROOM --split valid --hours 3", "impressions belong to no edition"),
        ("qrels ROOM --split ../x", "expected 1 to 100 letters, digits"),
        ("qrels ROOM", "Import later clicks"),
        ("vectors ROOM --format csv", "--format: found 'csv', expected npy or parquet"),
    ],
)
def test_what_cannot_be_exported_is_told_in_a_sentence_and_nothing_is_written(words, said, command, clicked, tmp_path):
    code, out, err = command("export", *(word.replace("ROOM", str(clicked.path)) for word in words.split()))
    assert code == 2 and said in err and not out and not list(tmp_path.glob("[rcv]*.*"))
