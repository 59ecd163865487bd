from broadsheet.evaluation.systems.kills import Ledger
from broadsheet.evaluation.systems.nights import repeated_articles
from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom


def test_an_article_is_repeated_under_another_id_without_its_first_words(tmp_path):
    with Import(Newsroom(tmp_path)) as add:
        add.news([{"news_id": "N1", "title": "Harbour bridge opens today", "abstract": "It is long."}])
    first, second, third = repeated_articles(tmp_path, range(3))
    assert (first["news_id"], first["title"]) == ("N1", "Harbour bridge opens today")
    assert (second["news_id"], second["title"]) == ("N1-1", "bridge opens today It is long.")
    assert (third["news_id"], third["title"], third["abstract"]) == ("N1-2", "opens today It is long.", "")


def test_a_call_that_was_cut_short_counts_as_done_only_where_all_of_it_is_found():
    ledger = Ledger({"a": "old"})
    ledger.hear(("begin", {"a": "new", "b": "new"}))
    assert ledger.compare({"a": "new"}) == ["a: acknowledged 'old', found 'new'"]
    ledger.hear(("begin", {"a": "new", "b": "new"}))
    assert ledger.compare({"a": "new", "b": "new"}) == [] and ledger.titles == {"a": "new", "b": "new"}


def test_what_was_acknowledged_and_is_gone_is_named():
    ledger = Ledger({})
    ledger.hear(("begin", {"a": "title"}))
    ledger.hear(("done", {"a": "title"}))
    assert ledger.acknowledged == 1 and ledger.compare({}) == ["a: acknowledged 'title', found None"]
