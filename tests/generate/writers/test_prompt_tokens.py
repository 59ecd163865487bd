"""Chat templates that cannot be used: small programs that fail, lose the prompt, or do not end."""

import pytest
from transformers import AutoTokenizer, GPT2Config

from broadsheet.errors import ModelError
from broadsheet.generate.writers import prompt_tokens
from broadsheet.generate.writers.prompt_tokens import PromptTokens
from tests.support.tiny import make_writer

ENDLESS = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_writer(tmp_path_factory.mktemp("templates") / "writer")


def with_template(folder, template):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = template
    return PromptTokens(tokenizer, GPT2Config.from_pretrained(folder))


def test_a_template_that_holds_the_prompt_once_is_used(folder):
    found = with_template(folder, "goal {{ messages[0].content }} team")
    assert found.tokenizer.decode(found.prompt("match")).split() == ["goal", "match", "team"]


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages[0].content ",
        "{{ messages[7].content }}",
        "{{ raise_exception('no user may speak') }}",
        "{{ 1 / 0 }}",
        "nothing of the prompt",
        "{{ messages[0].content }} and again {{ messages[0].content }}",
        "{% for i in range(10 ** 12) %}{% endfor %}",
    ],
)
def test_a_template_that_fails_is_one_error_that_says_what_to_do(template, folder):
    with pytest.raises(ModelError, match=r"writer: its chat template cannot be used .* Mend or remove chat_template"):
        with_template(folder, template)


def test_a_template_that_does_not_end_is_ended(folder, monkeypatch):
    monkeypatch.setattr(prompt_tokens, "_TEMPLATE_SECONDS", 0.3)
    with pytest.raises(ModelError, match=r"it did not end within 0\.3 seconds"):
        with_template(folder, ENDLESS)
