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
    "prompts, expected, query",
    [
        ({"prompts": {"query": "query: ", "passage": "passage: "}}, "passage: ", "query: "),
        ({"prompts": {"query": "Find: ", "document": ""}, "default_prompt_name": None}, "", "Find: "),
        ({"prompts": {"any": "about: ", "document": "doc: "}, "default_prompt_name": "any"}, "about: ", "about: "),
        ({}, "", ""),
    ],
)
def test_prefixes_are_the_default_prompt_or_those_of_a_document_and_a_query(tmp_path, prompts, expected, query):
    write_recipe(tmp_path, {"pooling_mode_cls_token": True}, prompts)
    assert read_recipe(str(tmp_path)) == SentenceRecipe("cls", expected, query)


@pytest.mark.parametrize(
    "name, query, passage",
    [
        ("multilingual-e5-base", "query: ", "passage: "),
        ("E5-small-v2", "query: ", "passage: "),
        ("nomic-embed-text-v1.5", "search_query: ", "search_document: "),
        ("bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("multilingual-e5-large-instruct", "", ""),
        ("all-MiniLM-L6-v2", "", ""),
    ],
)
def test_a_model_whose_files_have_no_prompts_gets_those_its_name_is_known_for(tmp_path, name, query, passage):
    write_recipe(tmp_path / name, {"pooling_mode": "mean"}, {"prompts": {"query": "", "document": ""}})
    assert read_recipe(str(tmp_path / name)) == SentenceRecipe("mean", passage, query)


def test_a_setting_replaces_a_prefix_and_auto_leaves_it():
    recipe = SentenceRecipe("mean", "passage: ", "query: ")
    assert recipe.with_prefixes("auto", "auto") == recipe
    assert recipe.with_prefixes("", "auto") == SentenceRecipe("mean", "passage: ", "")
    assert recipe.with_prefixes("auto", "news: ") == SentenceRecipe("mean", "news: ", "query: ")


def test_recipes_of_other_prefixes_have_other_names():
    made = [SentenceRecipe("mean", *both) for both in [("", ""), ("a", ""), ("", "a"), ("a", "a"), ("a", "b")]]
    assert len({recipe.name for recipe in made}) == 5
    assert made[0].name == "mean"


def test_the_centre_of_a_converted_model_is_read_and_a_damaged_one_named(tmp_path):
    (tmp_path / "centre.json").write_text('{"query": [0.5, 0], "passage": [0.25, 1]}')
    assert read_recipe(str(tmp_path)) == SentenceRecipe(centre=(0.25, 1.0), query_centre=(0.5, 0.0))
    (tmp_path / "centre.json").write_text('{"query": [0.5, 0]}')
    with pytest.raises(ModelError, match=r"centre.json: cannot be read.*expected lists named query and passage"):
        read_recipe(str(tmp_path))


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
