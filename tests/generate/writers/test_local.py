import json
import math
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from broadsheet.errors import ModelError
from broadsheet.generate.writers.likelihood import first_token
from broadsheet.generate.writers.local import load_writer, open_local
from broadsheet.generate.writers.prompt_tokens import LENGTHS, NEW_TOKENS
from tests.models.test_forks import in_a_fork

PROMPTS = ["Coal fell.", "Arsenal won the cup " * 5, "x", "Rain in Lindau. What happened?"] * 3
OF_MANY_LETTERS = ["Coal prices fell, 6 of 10 say.", "Rain in Lindau. What happened?", "The quick brown fox: jump!"]


@pytest.fixture(params=["gpt", "t5"])
def writer(request):
    return load_writer(str(request.getfixturevalue(request.param)))


def test_each_prompt_gets_one_short_draft_of_one_line(writer):
    drafts = writer(PROMPTS)
    assert len(drafts) == len(PROMPTS)
    assert all(len(draft) == 1 and len(draft[0]) <= NEW_TOKENS for draft in drafts)
    assert any(draft for [draft] in drafts)


def test_the_same_prompts_give_the_same_drafts(writer):
    assert writer(PROMPTS) == writer(PROMPTS)


def test_the_order_of_the_prompts_is_kept(writer):
    drafts = writer(["x", "Rain in Lindau."])
    assert writer(["Rain in Lindau.", "x"]) == drafts[::-1]


def test_several_drafts_of_a_prompt_are_the_likeliest_and_others_drawn_for_it_alone(writer):
    drafts = writer(OF_MANY_LETTERS[:3], count=4)
    assert [len(of_one) for of_one in drafts] == [4, 4, 4]
    assert [of_one[:1] for of_one in drafts] == writer(OF_MANY_LETTERS[:3])
    assert sum(len(set(of_one)) > 1 for of_one in drafts) > 1
    assert writer([OF_MANY_LETTERS[1], "another", OF_MANY_LETTERS[0]], count=4)[::2] == drafts[1::-1]


@pytest.mark.parametrize("kind", ["gpt", "t5"])
def test_another_seed_draws_other_drafts_and_keeps_the_likeliest(request, kind):
    first, second = (
        load_writer(str(request.getfixturevalue(kind)), seed=seed)(OF_MANY_LETTERS[:3], count=3) for seed in (0, 1)
    )
    for one, other in zip(first, second, strict=True):
        assert one[0] == other[0] and one[1:] != other[1:]


def test_a_draft_ends_at_the_most_tokens(writer):
    assert all(len(draft) <= 6 for of_one in writer(PROMPTS[:3], count=3, most_tokens=6) for draft in of_one)


def test_the_likelihood_of_a_text_is_the_mean_over_its_tokens(writer):
    prompts = ["Coal fell."] * 3
    long, empty, short = writer.log_likelihoods(["Coal fell again", "", "Coal"], prompts)
    assert math.isnan(empty) and long < 0 and short < 0
    assert writer.log_likelihoods(["Coal"], prompts[:1]) == pytest.approx([short], abs=2e-2)
    assert short == pytest.approx(by_hand(writer, "Coal", prompts[0]), abs=2e-2)  # bfloat16, where the processor has it


def by_hand(writer, text, prompt):
    """One token after the other, without padding."""
    tokens, first = writer.tokens.text(text), first_token(writer.network, writer.tokens)
    found = []
    for place, token in enumerate(tokens):
        before = torch.tensor([[first, *tokens[:place]]])
        inputs = {"input_ids": before}
        if writer.method == "t5":
            inputs = {"input_ids": torch.tensor([writer.tokens.prompt(prompt)]), "decoder_input_ids": before}
        with torch.inference_mode():
            logits = writer.network(**inputs).logits[0, -1].float()
        found.append(float(logits.log_softmax(-1)[token]))
    return sum(found) / len(found)


def test_no_prompts_give_no_drafts(writer):
    assert writer([]) == []


def test_a_prompt_of_any_length_gets_a_draft(writer):
    assert len(writer(["word " * 3000, ""])) == 2


def test_threads_get_the_drafts_that_one_gets(writer):
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(writer, [PROMPTS[:2]] * 4)) == [writer(PROMPTS[:2])] * 4


def test_the_kind_of_model_is_told(gpt, t5):
    assert load_writer(str(gpt)).method == "gpt"
    assert load_writer(str(t5)).method == "t5"
    assert load_writer(str(gpt)).model != load_writer(str(t5)).model


def test_special_tokens_in_a_prompt_are_read_as_text(gpt):
    writer = load_writer(str(gpt))
    assert writer.tokens.prompt("<|im_end|>").count(3) == writer.tokens.prompt("plain").count(3) == 1


def test_a_long_prompt_keeps_its_beginning_and_its_end(gpt):
    writer = load_writer(str(gpt))
    tokens = writer.tokens.prompt("BEGIN " + "x" * 4000 + " Answer in ten words.")
    text = writer.tokens.tokenizer.decode(tokens)
    assert len(tokens) == writer.tokens._lengths[-1] == max(length for length in LENGTHS if length + NEW_TOKENS <= 320)
    assert "BEGIN" in text
    assert "Answer in ten words." in text


def test_what_is_no_model_is_one_error(tmp_path, gpt):
    with pytest.raises(ModelError, match="nowhere"):
        load_writer(str(tmp_path / "nowhere"))
    pickled = tmp_path / "pickled"
    shutil.copytree(gpt, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickled"):
        load_writer(str(pickled))


@pytest.fixture
def copied(tmp_path, gpt):
    """A model's folder that a test may change."""
    return Path(shutil.copytree(gpt, tmp_path / "copied"))


def test_a_model_is_loaded_at_its_first_draft_and_missing_weights_are_said_then(copied, gpt):
    weights = copied / "model.safetensors"
    whole = weights.read_bytes()
    weights.unlink()
    writer = open_local(str(copied))
    assert (writer.method, len(writer.model), writer._loaded) == ("gpt", 16, None)
    with pytest.raises(ModelError, match="copied"):
        writer(PROMPTS[:1])
    weights.write_bytes(whole)
    assert open_local(str(copied))(PROMPTS[:1]) == load_writer(str(gpt))(PROMPTS[:1])


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_model_that_was_changed_after_it_was_opened_drafts_nothing_under_the_old_fingerprint(copied, name):
    writer = open_local(str(copied))
    if name == "config.json":
        (copied / name).write_bytes((copied / name).read_bytes() + b"\n")
    else:
        weights = {key: values * 2 for key, values in load_file(copied / name).items()}
        save_file(weights, copied / name, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"copied': its files were changed after it was opened, .* build again"):
        writer(PROMPTS[:1])
    assert open_local(str(copied)).model != writer.model


def test_threads_that_draft_first_at_once_load_the_model_once(gpt):
    writer, loads = open_local(str(gpt)), []
    load = writer._load
    writer._load = lambda: (loads.append(1), time.sleep(0.1), load())[2]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: writer(PROMPTS[:1]), range(4)))
    assert (len(loads), made) == (1, [load_writer(str(gpt))(PROMPTS[:1])] * 4)


def test_a_process_that_was_forked_while_a_thread_loads_the_model_loads_it_itself(gpt):
    load_writer(str(gpt))  # a module that the other thread were importing could not be imported in the fork
    writer, loading, forked = open_local(str(gpt)), threading.Event(), threading.Event()
    load = writer._load
    writer._load = lambda: (loading.set(), forked.wait(), load())[2]
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(writer, PROMPTS[:1])
        loading.wait()

        def draft():
            writer._load = load
            return writer(PROMPTS[:1])

        try:
            theirs = in_a_fork(draft)
        finally:
            forked.set()
    assert theirs == str(ours.result())


def test_a_trained_writer_that_is_missing_is_one_error(gpt, tmp_path):
    with pytest.raises(ModelError, match=r"nowhere: no card\.json"):
        open_local(str(gpt), tuned=tmp_path / "nowhere")


def test_a_tokenizer_without_an_end_is_one_error(tmp_path, gpt):
    endless = tmp_path / "endless"
    shutil.copytree(gpt, endless)
    config = json.loads((endless / "tokenizer_config.json").read_text("utf-8"))
    del config["eos_token"]
    (endless / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ModelError, match="eos_token"):
        load_writer(str(endless))


def test_importing_the_stage_does_not_import_torch():
    code = "import sys, broadsheet.generate; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
