from broadsheet.pipeline import Pipeline
from broadsheet.workbench.interests import ReaderTopics, find_topics


def test_topics_that_are_remembered_are_those_of_the_history_as_it_is_now(clicked):
    pipeline = Pipeline.open(clicked)
    data = pipeline.bench.data
    topics = ReaderTopics(data.catalogue.news)
    readers = pipeline.readers(data.readers.audience.all())
    assert any(len(reader.history) > 2 for reader in readers)
    for reader in readers:
        for history in (reader.history, reader.history, reader.history[1:], reader.history[:1], []):
            reader.history[:] = history
            assert topics(reader) == find_topics(data.catalogue.news, reader)
