import pytest

from broadsheet.errors import OwnPartError
from broadsheet.generate.writers.own import OwnWriter


def write(prompts, job):
    return [None if "empty" in prompt else f"{job}: {prompt}" for prompt in prompts]


def test_a_function_drafts_one_text_for_each_prompt_and_none_is_no_draft():
    writer = OwnWriter(write, "site:write 1")
    assert writer(["one", "empty"], job="headline", count=3) == [["headline: one"], []]
    assert writer([]) == [] and writer(["one"], job="summary") == [["summary: one"]]
    assert (writer.method, len(writer.model)) == ("own", 16)
    assert OwnWriter(write, "site:write 2").model != writer.model, "changed code writes its texts again"


def test_a_page_gets_no_drafts_and_does_not_wait_for_the_function():
    def never_called(prompts, job):
        raise AssertionError

    assert OwnWriter(never_called, "").within(2.0) is None


def test_a_wrong_number_of_texts_names_the_function():
    with pytest.raises(OwnPartError, match=r"^own writer \(.*lambda.*\) returned 1 texts, expected 2"):
        OwnWriter(lambda prompts, job: ["one"], "")(["a", "b"])
