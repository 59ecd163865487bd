from broadsheet.importers.transaction import Import
from broadsheet.nightly.build import build
from broadsheet.nightly.index_stage import encoding_seconds
from broadsheet.offline.workbenches import prepare_vectors
from tests.nightly.test_build import build_and_report
from tests.support.tiny import make_news


def test_the_manifest_holds_what_was_measured_of_the_index_with_the_readers(built):
    report = built.current().read_manifest()["index"]
    assert report["kind"] == "Flat" and report["recall@100"] == 1.0 and report["vectors"] == 60
    assert report["chosen_by"] == "up to 60000 vectors are searched exactly"
    assert report["queries"] == {"of": "user vectors", "count": 3}, "one interest of each; of nobody nothing is known"
    assert [(row["kind"], row["chosen"]) for row in report["trials"]] == [("Flat", True)]


def test_the_index_of_the_same_vectors_is_taken_over_and_of_others_is_not(newsroom):
    first = build(newsroom, "all")
    second, lines = build_and_report(newsroom, "all")
    assert "; taken over: same vectors (" in lines[1] and second.index.samefile(first.index)
    assert second.read_manifest()["index"]["taken_over"] == "same vectors"
    with Import(newsroom) as add:
        add.news([make_news()[3] | {"title": "A new title of the senate"}])
    third, lines = build_and_report(newsroom, "all")
    assert "taken over" not in lines[1] and not third.index.samefile(first.index)
    newsroom.config_file.write_text(newsroom.config_file.read_text() + '[index]\nkind = "HNSW32"\n')
    _fourth, lines = build_and_report(newsroom, "all")
    assert "60 vectors, HNSW32, recall@100 1.0000 on 3 user vectors" in lines[1] and "taken over" not in lines[1]


def test_how_long_encoding_takes_is_measured_by_encoding(newsroom):
    assert 0 < encoding_seconds(prepare_vectors(newsroom)) < 1
