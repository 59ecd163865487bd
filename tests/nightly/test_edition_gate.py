import numpy as np
import pyarrow as pa
import pytest

from broadsheet.cli.app import main
from broadsheet.config.nightly import GateConfig
from broadsheet.errors import GateError, NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.nightly.build import build
from broadsheet.nightly.edition_gate import _reasons, changed_neighbours
from broadsheet.nightly.verify import verify_edition
from broadsheet.operations.editions import publish_edition, rollback
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import read_stamp, read_table, write_table
from broadsheet.tables.schemas import CLICKS, NEWS, USERS, news_vectors
from broadsheet.tables.vectors import vectors_to_arrow, vectors_to_numpy
from tests.support.stage_contract import unit
from tests.support.tiny import make_encoder, make_news, make_newsroom

SCHEMA = news_vectors(32)


def table(ids, vectors, hashes=None):
    vectors = unit(np.asarray(vectors, np.float32))
    hashes = [f"hash of {one}" for one in ids] if hashes is None else hashes
    return pa.table({"news_id": ids, "content_hash": hashes, "vector": vectors_to_arrow(vectors)})


def change_vectors(edition, how):
    """Rewrite an edition's article vectors with the same stamps."""
    found = read_table(edition.news_vectors, SCHEMA)
    changed = vectors_to_arrow(how(vectors_to_numpy(found).copy()))
    stamp = {"model": read_stamp(edition.news_vectors)["model"]}
    write_table(edition.news_vectors, found.set_column(2, SCHEMA.field("vector"), changed), SCHEMA, **stamp)


def build_with(room, how):
    """Build, and change the vectors once they are made, so that all later stages see them so."""

    def report(line):
        if line.startswith("encode"):
            change_vectors(room.building, how)

    return build(room, "all", report)


def shuffled(vectors):
    return np.random.default_rng(0).permutation(vectors)


def kept_back(room, current, task):
    """Run a build that the gate must stop; returns the edition and the message."""
    with pytest.raises(GateError) as caught:
        task()
    assert room.current() == current
    (kept,) = [edition for edition in room.editions() if edition != current]
    assert f"broadsheet publish {room.path} {kept.name}" in str(caught.value)
    assert kept.read_manifest()["published"] is False and verify_edition(kept) == []
    return kept, str(caught.value)


def test_an_ordinary_night_passes(newsroom):
    first = build(newsroom, "all")
    rows = make_news(63)
    with Import(newsroom) as add:
        add.news([*rows[60:], rows[5] | {"title": "Ocean energy study"}])
    figures = build(newsroom, "all").read_manifest()["gate"]
    assert figures["compared_with"] == first.name
    assert set(figures["figures"]) == {
        "recall", "foreign_vectors", "lost", "shrunk", "centroid_shift", "changed_neighbours",
        "fewer_readers", "fewer_stories",
    }  # fmt: skip
    assert figures["figures"]["recall"] == 1 and figures["figures"]["changed_neighbours"] == 0
    assert 0 < figures["figures"]["centroid_shift"] < 0.01


def test_a_first_edition_is_compared_with_nothing(built):
    gate = built.current().read_manifest()["gate"]
    assert gate["figures"] == {"recall": 1.0, "foreign_vectors": 0.0} and gate["compared_with"] == ""


def test_an_edition_with_half_of_the_articles_missing_is_kept_and_not_published(newsroom):
    current = build(newsroom, ["fan"])
    write_table(newsroom.news, read_table(newsroom.news, NEWS).slice(0, 30), NEWS)
    _, message = kept_back(newsroom, current, lambda: build(newsroom, ["fan"]))
    assert "50.0% of the current edition's articles are missing, expected at most 0.2" in message
    assert "it has 50.0% fewer articles than the current edition, expected at most 0.2" in message


def test_an_edition_without_the_readers_and_clicks_of_the_current_edition_is_kept_back(newsroom):
    with Import(newsroom) as add:
        add.clicks([{"user_id": f"r{n}", "news_id": f"N{n}", "time": "2026-01-01T10:00Z"} for n in range(10)])
    current = build(newsroom, "all")
    write_table(newsroom.users, read_table(newsroom.users, USERS).slice(0, 1), USERS)
    write_table(newsroom.clicks, read_table(newsroom.clicks, CLICKS).slice(0, 1), CLICKS)
    _, message = kept_back(newsroom, current, lambda: build(newsroom, "all"))
    for what in ("readers", "stories", "clicks"):
        assert f"fewer {what} than the current edition, expected at most 0.5" in message


def test_articles_that_come_back_under_other_ids_are_lost_though_their_number_is_the_same(newsroom):
    current = build(newsroom, ["fan"])
    news = read_table(newsroom.news, NEWS)
    others = pa.array([f"X{row}" for row in range(60)])
    write_table(newsroom.news, news.set_column(0, NEWS.field("news_id"), others), NEWS)
    _, message = kept_back(newsroom, current, lambda: build(newsroom, ["fan"]))
    assert "100.0% of the current edition's articles are missing" in message and "fewer" not in message


def test_shuffled_vectors_are_not_published(newsroom):
    current = build(newsroom, "all")
    _, message = kept_back(newsroom, current, lambda: build_with(newsroom, shuffled))
    assert "of the neighbours of unchanged articles changed" in message
    assert "of the articles encoded again have another vector than the model gives" in message
    assert "the mean article vector" not in message  # to shuffle leaves the mean where it was


def test_shuffled_vectors_are_not_published_on_the_first_night_either(newsroom):
    with pytest.raises(GateError, match="encoded again have another vector than the model gives"):
        build_with(newsroom, shuffled)
    with pytest.raises(NewsroomError, match="no edition is published"):
        newsroom.current()


def test_vectors_of_another_model_are_not_published(newsroom, tmp_path):
    current = build(newsroom, "all")
    other = make_newsroom(tmp_path / "other", make_encoder(tmp_path / "encoder", seed=1))
    foreign = vectors_to_numpy(read_table(build(other, "all").news_vectors, SCHEMA))
    kept, message = kept_back(newsroom, current, lambda: build_with(newsroom, lambda vectors: foreign))
    assert "100.0% of the articles encoded again have another vector than the model gives" in message
    assert kept.read_manifest()["models"] == current.read_manifest()["models"]


def test_what_was_kept_back_is_not_taken_over_so_that_the_next_night_is_sound(newsroom):
    current = build(newsroom, "all")
    kept_back(newsroom, current, lambda: build_with(newsroom, shuffled))
    assert build(newsroom, "all").read_manifest()["gate"]["figures"]["foreign_vectors"] == 0


def test_another_model_on_purpose_is_not_drift(newsroom, tmp_path):
    current = build(newsroom, "all")
    former = current.read_manifest()["models"]["encoder"]
    another = str(make_encoder(tmp_path / "encoder", seed=1))
    newsroom.config_file.write_text(newsroom.config_file.read_text().replace(former, another))
    gate = build(newsroom, "all").read_manifest()["gate"]
    assert not set(gate["figures"]) & {"centroid_shift", "changed_neighbours"} and "lost" in gate["figures"]
    assert gate["note"].startswith(f"vectors not compared: {current.name} was made by another model, ")


def test_a_damaged_current_edition_does_not_keep_the_next_one_from_its_readers(newsroom):
    current = build(newsroom, ["fan"])
    current.news.unlink()
    current.news.write_bytes(b"nothing of ours")
    after = build(newsroom, ["fan"])
    assert newsroom.current() == after
    assert after.read_manifest()["gate"]["note"].startswith(f"not compared with {current.name}: ")


def test_a_kept_edition_is_published_by_name_and_rollback_leaves_it(newsroom):
    current = build(newsroom, ["fan"])
    write_table(newsroom.news, read_table(newsroom.news, NEWS).slice(0, 30), NEWS)
    kept, _ = kept_back(newsroom, current, lambda: build(newsroom, ["fan"]))
    assert publish_edition(newsroom, kept.name) == kept == newsroom.current()
    assert Pipeline.open(newsroom.path).run("fan", 3).edition == kept.name
    manifest = kept.read_manifest()
    assert manifest["published"] is True and len(manifest["reasons"]) == 2 and verify_edition(kept) == []
    assert rollback(newsroom) == current


def test_an_edition_that_is_unknown_or_damaged_is_not_published_by_name(newsroom):
    first = build(newsroom, ["fan"])
    second = build(newsroom, ["fan"])
    with pytest.raises(NewsroomError, match=f"no edition 'never'. There are: {first.name}, {second.name}"):
        publish_edition(newsroom, "never")
    first.ranked.write_bytes(first.ranked.read_bytes() + b"!")
    with pytest.raises(NewsroomError, match=r"not published, ranked\.arrow: SHA-256"):
        publish_edition(newsroom, first.name)
    assert newsroom.current() == second


def test_the_command_ends_with_code_three_and_the_reasons(newsroom, monkeypatch, capsys):
    build(newsroom, ["fan"])
    write_table(newsroom.news, read_table(newsroom.news, NEWS).slice(0, 30), NEWS)
    monkeypatch.setattr("sys.argv", ["broadsheet", "build", str(newsroom.path)])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    assert end.value.code == 3 and out == ""
    assert "kept back 2" in err and "50.0% of the current edition's articles are missing" in err


def test_neighbours_are_compared_among_articles_whose_text_is_the_same():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((40, 8))
    ids = [f"N{row}" for row in range(40)]
    before = table(ids, vectors)
    assert changed_neighbours(before, before) == 0
    # New articles stand among the old ones, two texts changed, and the order is another.
    more = table([*ids, "NEW"], [*vectors, vectors[3]]).take(pa.array(rng.permutation(41)))
    assert changed_neighbours(before, more) == 0
    moved = vectors.copy()
    moved[[3, 4]] *= -1
    hashes = [f"hash of {one}" for one in ids]
    hashes[3] = hashes[4] = "another"
    assert changed_neighbours(before, table(ids, moved, hashes)) == 0
    assert changed_neighbours(before, table(ids, moved)) > 0
    assert changed_neighbours(before, table(["X", "N1"], vectors[:2])) is None


def test_changed_neighbours_is_the_share_of_neighbours_that_are_others():
    # Three articles have two neighbours each, whatever the vectors; twelve on a line have ten of eleven.
    three = table(["A", "B", "C"], [[1, 0], [0, 1], [1, 1]])
    assert changed_neighbours(three, table(["A", "B", "C"], [[0, 1], [1, 0], [1, -1]])) == 0
    angles = np.linspace(0, 1.5, 12)
    line = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ids = [f"N{row}" for row in range(12)]
    # All but the farthest are neighbours, which is one of the ends. With the ends exchanged, the ten between them have
    # another farthest one each, and the ends themselves the same: one in ten neighbours of ten in twelve changed.
    ends = line.copy()
    ends[[0, 11]] = ends[[11, 0]]
    assert changed_neighbours(table(ids, line), table(ids, ends)) == pytest.approx(1 / 10 * 10 / 12)


@pytest.mark.parametrize(
    "figures, reasons",
    [
        ({}, 0),
        ({"recall": 0.95, "lost": 0.2, "shrunk": 0.2, "centroid_shift": 0.05, "changed_neighbours": 0.1}, 0),
        ({"recall": 0.949}, 1),
        ({"lost": 0.201}, 1),
        ({"shrunk": 0.201}, 1),
        ({"centroid_shift": 0.051}, 1),
        ({"changed_neighbours": 0.101}, 1),
        ({"foreign_vectors": 1 / 32}, 1),
        ({"fewer_readers": 0.5, "fewer_stories": 0.5, "fewer_clicks": 0.5}, 0),
        ({"fewer_readers": 0.51}, 1),
        ({"fewer_stories": 0.51, "fewer_clicks": 0.51}, 2),
        ({"recall": 0.0, "lost": 1.0, "foreign_vectors": 1.0}, 3),
    ],
)
def test_each_figure_beyond_its_bound_is_one_reason(figures, reasons):
    assert len(_reasons(figures, GateConfig())) == reasons
