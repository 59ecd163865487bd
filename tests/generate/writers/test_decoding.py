import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.cache_utils import DynamicCache

from broadsheet.generate.writers import decoding
from broadsheet.generate.writers import local as writers
from broadsheet.generate.writers.growing_cache import give_room
from broadsheet.generate.writers.local import load_writer
from broadsheet.generate.writers.prefill import read_prompts

PROMPTS = ["Coal fell.", "Arsenal won the cup " * 5, "x", "Rain in Lindau. What happened?"]
SENTENCES = [["Coal prices fell again in Lindau on Monday."], [], ["Rain fell."], []]


@pytest.fixture(params=["gpt", "t5"])
def writer(request):
    """A writer in float32, where what shares a batch with a draft does not change it by rounding."""
    found = load_writer(str(request.getfixturevalue(request.param)))
    found.network.float()
    return found


def test_drafts_do_not_depend_on_how_many_tokens_are_written_before_ended_rows_are_left_out(writer, monkeypatch):
    drafts = []
    for leg in (1, 3, 8, 1000):
        monkeypatch.setattr(decoding, "LEG", leg)
        drafts.append(writer(PROMPTS, count=2, sentences=SENTENCES, most_tokens=30))
    assert drafts[1:] == drafts[:1] * 3
    assert len({len(draft) for of_one in drafts[0] for draft in of_one}) > 1


def test_drafts_do_not_depend_on_the_batch(writer, monkeypatch):
    together = writer(PROMPTS, count=2)
    monkeypatch.setattr(writers, "_ROWS", 1)
    assert writer(PROMPTS, count=2) == together == [writer([prompt], count=2)[0] for prompt in PROMPTS]


def test_the_likeliest_draft_is_what_generate_writes_with_the_same_restraint(writer):
    tokens, prompt = writer.tokens, writer.tokens.prompt(PROMPTS[0])
    read = read_prompts(writer.network, tokens, [prompt])
    [draft] = decoding.decode(read, tokens, [(0, None)], 20)
    ids = torch.tensor([prompt])
    written = [] if tokens.joined else [decoding.first_token(writer.network, tokens)]
    begun = len(written)
    while len(written) - begun < 20 and (len(written) == begun or written[-1] not in tokens.ends):
        scores = next_logits(writer, ids, written)
        held = [0.0 if token in {*prompt, *tokens.ends} else -5.0 for token in range(scores.shape[0])]
        scores = scores + torch.tensor(held)
        scores[list(set(written[begun:]))] -= 0.5
        if len(written) - begun < 4:
            scores[tokens.ends] = -torch.inf
        written.append(int(scores.argmax()))
    assert draft == written[begun:]


def next_logits(writer, ids, written):
    """Without a cache, padding or batch."""
    with torch.inference_mode():
        if writer.method == "t5":
            return writer.network(input_ids=ids, decoder_input_ids=torch.tensor([written])).logits[0, -1]
        return writer.network(input_ids=torch.cat([ids, torch.tensor([written], dtype=torch.int64)], 1)).logits[0, -1]


def test_a_draft_is_left_where_its_beginning_is_refused_and_others_go_on(writer):
    asked = []

    def is_refused(place, beginning):
        asked.append((place, beginning))
        return place == 3

    whole = writer(PROMPTS, most_tokens=40)
    drafts = writer(PROMPTS, most_tokens=40, is_refused=is_refused)
    assert drafts[:3] == whole[:3]
    assert len(drafts[3][0]) < len(whole[3][0]) and whole[3][0].startswith(drafts[3][0])
    assert [beginning for place, beginning in asked if place == 3] == [drafts[3][0]]
    assert all(whole[place][0].startswith(beginning) for place, beginning in asked)


def test_the_tokens_spent_are_those_of_prompts_and_drafts(gpt):
    writer = load_writer(str(gpt))
    writer(PROMPTS[:2], most_tokens=6)
    read = sum(len(writer.tokens.prompt(prompt)) for prompt in PROMPTS[:2])
    assert read + 2 <= writer.spent_tokens <= read + 12


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(st.integers(1, 60), st.lists(st.integers(0, 2), min_size=1, max_size=5)), min_size=1, max_size=6
    ),
    st.integers(0, 2**16),
)
def test_a_roomy_cache_holds_what_the_plain_one_does(steps, seed):
    """A number is a number of new tokens, a list the rows that stay."""
    torch.manual_seed(seed)
    plain, roomy = DynamicCache(), DynamicCache()
    first = torch.randn(2, 3, 4, 5, 6)
    for cache in (plain, roomy):
        cache.update(first[0], first[1], 0)
    give_room(roomy)
    rows = 3
    for step in steps:
        if isinstance(step, list):
            kept = torch.tensor([row % rows for row in step])
            rows = len(step)
            plain.batch_select_indices(kept)
            roomy.batch_select_indices(kept)
        else:
            new = torch.randn(2, rows, 4, step, 6)
            found = [cache.update(new[0], new[1], 0) for cache in (plain, roomy)]
            assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))
        assert plain.get_seq_length() == roomy.get_seq_length()
