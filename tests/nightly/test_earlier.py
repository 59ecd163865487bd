import json

import pytest

from broadsheet.errors import NewsroomError
from broadsheet.newsroom import Edition
from broadsheet.newsroom.manifest import write_manifest
from broadsheet.nightly.earlier import Earlier, find_earlier


def test_only_the_tables_that_the_named_stages_read_are_looked_at(copy):
    edition, said = copy.current(), []
    for path in (edition.ranked, edition.stories, edition.digests):
        path.write_bytes(b"damaged")
    earlier = find_earlier(copy, ["encode"], said.append)
    assert earlier.news_vectors == (edition.news_vectors,) and [one.path for one in earlier.indexes] == [edition.path]
    assert (earlier.ranked, earlier.stories, earlier.digests, said) == ((), (), (), [])
    find_earlier(copy, ["rerank", "digest"], said.append)
    assert [line.split(":")[0] for line in said] == [
        f"nothing is taken over from {edition.ranked}",
        f"nothing is taken over from {edition.digests}",
    ]


def change_manifest(edition, **changes):
    """Change a manifest by hand, so that its own hash is that of the former text."""
    edition.manifest.write_text(json.dumps(edition.read_manifest() | changes, indent=2))


def test_nothing_is_taken_over_from_an_edition_whose_manifest_cannot_be_read(copy):
    edition, said = copy.current(), []
    edition.manifest.write_text("{")
    assert find_earlier(copy, ["encode", "rerank", "generate", "digest"], said.append) == Earlier()
    assert said == [f"nothing is taken over from {edition.path}: its manifest is not as it was written"]


@pytest.mark.parametrize(
    "index",
    [[], {"shards": 3}, {"kind": "Flat", "chosen_for": 40}, {"kind": "Flat", "chosen_for": "x"}],
)
def test_nothing_is_taken_over_from_an_edition_whose_manifest_was_changed(copy, index):
    edition, said = copy.current(), []
    change_manifest(edition, index=index)
    assert find_earlier(copy, ["encode", "generate"], said.append) == Earlier()
    (line,) = said
    assert line.startswith(f"nothing is taken over from {edition.path}: ")


def test_a_file_in_the_folder_of_a_killed_build_is_taken_over_without_a_manifest(copy):
    current, building = copy.current(), copy.start_edition()
    building.stories.write_bytes(current.stories.read_bytes())
    found = find_earlier(copy, ["generate"], lambda line: None)
    assert found.stories == (building.stories, current.stories) and found.indexes == (current,)


@pytest.mark.parametrize("changes", [{"files": []}, {"files": "all"}, {"index": []}, {"index": 3}])
def test_a_manifest_whose_files_or_index_are_no_object_cannot_be_read(tmp_path, changes):
    edition = Edition(tmp_path)
    write_manifest(edition.manifest, {"files": {}, "index": {}} | changes)
    with pytest.raises(NewsroomError, match="no readable manifest"):
        edition.read_manifest()
