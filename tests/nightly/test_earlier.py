from broadsheet.nightly.earlier import find_earlier


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
