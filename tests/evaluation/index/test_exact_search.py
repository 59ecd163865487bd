from broadsheet.evaluation.index.exact_search import measure_exact_search, report_exact_search
from broadsheet.progress import silent
from tests.index_build.rooms import FEW, random_vectors


def test_each_size_has_the_costs_of_exact_search_and_of_two_other_kinds():
    given = {"recall": 0.9, "rounds": 1, "threads": 1, "say": silent}
    document = measure_exact_search(random_vectors(300), FEW[16], [200, 400], **given)
    assert document["dim"] == 16 and list(document["sizes"]) == ["200", "400"]
    for size, lists in (("200", 5), ("400", 10)):
        kinds = document["sizes"][size]
        assert list(kinds) == ["Flat", "HNSW32_SQfp16", f"IVF{lists},PQ8x4fsr,Refine(SQfp16)"]
        assert kinds["Flat"]["recall@100"] == 1.0
        assert all(cost["alone_ms"] > 0 and cost["batch_ms"] > 0 for cost in kinds.values())
    report = report_exact_search(document)
    assert report.name == "exact-search" and len(report.lines) == 2 + 6 + 2
    assert report.lines[2].startswith("| 200 | Flat | 1.0000 | ")
