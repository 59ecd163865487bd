"""Models whose config.json has sizes that no model has."""

import json
import shutil

import pytest

from broadsheet.errors import ModelError
from broadsheet.models import loading as models


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_attention_heads": 0}, "num_attention_heads is '0', expected a whole number from 1 to"),
        ({"num_hidden_layers": 5_000_000}, "num_hidden_layers is '5000000', expected a whole number from 1 to 1,000"),
        ({"num_hidden_layers": -1}, "num_hidden_layers is '-1'"),
        ({"vocab_size": 9_000_000, "hidden_size": 9_000_000}, "too few for the sizes in its config.json"),
        ({"num_hidden_layers": 900}, "too few for the sizes in its config.json"),
        ({"hidden_size": "32"}, ""),
        ({"hidden_size": [32]}, ""),
        ({"hidden_size": None}, ""),
        ({"num_hidden_layers": 2.5}, ""),
        ({"intermediate_size": {"a": 1}}, ""),
        ({"num_attention_heads": 3}, ""),
        ({"hidden_act": 7}, ""),
        ({"model_type": "no-such"}, ""),
        ({"model_type": ["bert"]}, ""),
        ([], ""),
    ],
    ids=str,
)
def test_a_config_with_sizes_of_no_model_is_one_error_that_names_the_model(changes, said, encoder, tmp_path):
    folder = shutil.copytree(encoder, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes} if isinstance(changes, dict) else changes))
    with pytest.raises(ModelError) as raised:
        models.load_weights("AutoModel", str(folder), add_pooling_layer=False)
    assert str(raised.value).startswith(f"model {str(folder)!r}: ") and said in str(raised.value)


def test_the_models_of_the_tests_are_of_their_sizes(encoder):
    assert models.load_weights("AutoModel", str(encoder), add_pooling_layer=False).config.num_hidden_layers == 2
