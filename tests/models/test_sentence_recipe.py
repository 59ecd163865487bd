import json

import pytest

from broadsheet.errors import ModelError
from broadsheet.models.sentence_recipe import SentenceRecipe, read_recipe

STEPS = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]


def write_recipe(folder, pooling, prompts=None, steps=STEPS):
    """Write the files as sentence-transformers does."""
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    modules = [
        {"idx": n, "path": path, "type": f"sentence_transformers.models.{kind}"} for n, (kind, path) in enumerate(steps)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32} | pooling))
    if prompts is not None:
        (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))


def test_a_model_without_the_files_is_pooled_by_the_mean(tmp_path):
    assert read_recipe(str(tmp_path)) == SentenceRecipe("mean", "")


@pytest.mark.parametrize(
    "pooling, expected",
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}, "mean"),
        ({"pooling_mode": "cls"}, "cls"),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, "mean"),
    ],
)
def test_the_pooling_is_that_of_the_file(tmp_path, pooling, expected):
    write_recipe(tmp_path, pooling)
    assert read_recipe(str(tmp_path)).pooling == expected


@pytest.mark.parametrize(
    "prompts, expected",
    [
        ({"prompts": {"query": "query: ", "passage": "passage: "}}, "passage: "),
        ({"prompts": {"query": "Find: ", "document": ""}, "default_prompt_name": None}, ""),
        ({"prompts": {"any": "about: ", "document": "doc: "}, "default_prompt_name": "any"}, "about: "),
        ({}, ""),
    ],
)
def test_the_prefix_is_the_default_prompt_or_that_of_a_document(tmp_path, prompts, expected):
    write_recipe(tmp_path, {"pooling_mode_cls_token": True}, prompts)
    assert read_recipe(str(tmp_path)) == SentenceRecipe("cls", expected)


@pytest.mark.parametrize(
    "write, problem",
    [
        (
            lambda folder: write_recipe(folder, {}, steps=[*STEPS, ("Dense", "3_Dense")]),
            "found Dense, expected Transformer",
        ),
        (
            lambda folder: write_recipe(folder, {"pooling_mode_max_tokens": True}),
            "found a pooling by max_tokens, expected the mean",
        ),
        (lambda folder: (folder / "modules.json").write_text("{"), "modules.json cannot be read"),
        (lambda folder: (folder / "modules.json").write_text("[5]"), "modules.json: found 5, expected steps with a"),
        (
            lambda folder: write_recipe(folder, {}, steps=[("Pooling", "../../elsewhere")]),
            "expected steps with a type and a path inside the model's folder",
        ),
    ],
)
def test_what_cannot_be_done_as_the_model_asks_is_one_error(tmp_path, write, problem):
    write(tmp_path)
    with pytest.raises(ModelError, match=problem):
        read_recipe(str(tmp_path))
