import random

import numpy as np
import pytest
import torch
from torch.nn import functional

from broadsheet.models import loading as models
from broadsheet.retrieval.towers.trained import new_encoder
from broadsheet.retrieval.towers.two_towers import TwoTowers
from broadsheet.retrieval.towers.user_tower import UserTower
from broadsheet.retrieval.training.article_tokens import ArticleTokens
from broadsheet.retrieval.training.examples import BatchMaker, ClickExample, History
from tests.support.stage_contract import news_table, unit
from tests.support.tiny import GLUE, TOPICS

COUNT, DIM = 24, 32
ITEMS = [ClickExample([0, 3, 6], 9, [1, 2], others=[12]), ClickExample([1, 4], 7, [2]), History([2, 5, 8, 11])]
OFF = {"anchor": 0.0, "in_batch": 0.0, "distillation": 0.0, "adversarial": 0.0, "recompute": False}


@pytest.fixture(scope="module")
def tokens(encoder):
    words = [TOPICS[list(TOPICS)[number % 3]] for number in range(COUNT)]
    titles = [" ".join(part[number % 8 :] + GLUE[: number % 5]) for number, part in enumerate(words)]
    tokenizer = models.load("AutoTokenizer", str(encoder))
    return ArticleTokens(news_table(COUNT, title=titles), tokenizer, max_tokens=16, text_drop=0.0)


def stored():
    return torch.from_numpy(unit(np.random.default_rng(0).normal(size=(COUNT, DIM))))


def towers(encoder=None, mode="frozen", **weights):
    """Towers whose user tower has moved away from the mean."""
    torch.manual_seed(0)
    tower = UserTower(DIM, history=5)
    for part in (tower.correction.weight, tower.attention[2].weight):
        torch.nn.init.normal_(part, std=0.3)
    popularity = torch.linspace(-1, 1, COUNT)
    encoder = new_encoder(str(encoder), mode) if encoder else None
    return TwoTowers(tower, encoder, stored(), popularity, temperature=0.2, **{**OFF, **weights}).eval()


def batch_of(items=ITEMS, tokens=None, **options):
    random.seed(0)
    settings = {"history": 4, "negatives": 2, "next_clicks": 2, "history_drop": 0.0, **options}
    batch = BatchMaker(**settings, tokenise=tokens)(items)
    del batch["names"]
    return batch


def gradients(model, batch):
    model.zero_grad()
    model(**batch).backward()
    return {name: part.grad.clone() for name, part in model.named_parameters() if part.grad is not None}


def check_close(found, expected, atol=1e-6):
    assert set(found) == set(expected)
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], atol=atol, rtol=1e-4, msg=name)


def read_user(model, rows):
    """One reader's vector, from rows oldest first."""
    return model.user_tower(stored()[rows[::-1]][None], torch.ones(1, len(rows), dtype=torch.long))[0, 0]


def test_the_loss_of_impressions_is_that_of_each_click_worked_out_alone():
    model = towers()
    clicks = [ITEMS[0], ITEMS[1]]
    expected = []
    for click in clicks:
        logits = 5 * stored()[[click.clicked, *click.shown]] @ read_user(model, click.history)  # 5 = 1 / 0.2
        expected.append(functional.cross_entropy(logits[None], torch.tensor([0])).item())
    assert model(**batch_of(clicks)).item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_the_loss_in_the_batch_is_over_all_clicked_articles_less_their_log_frequency():
    model = towers(in_batch=1.0)
    clicks = [
        ClickExample([0, 3], 9),
        ClickExample([1], 7, [2], mined=[5]),
        ClickExample([4], 20, others=[9]),
    ]  # the last knows 9
    competing = [[9, 7, 20], [7, 2, 5, 9, 20], [20, 7]]
    frequency = model.log_popularity.tolist()
    drawn = [[9, 7, 20], [7, 9, 20], [20, 7]]  # what was shown or mined competes as it is
    expected = []
    for click, rows, corrected in zip(clicks, competing, drawn, strict=True):
        logits = 5 * stored()[rows] @ read_user(model, click.history)
        logits -= torch.tensor([frequency[row] if row in corrected else 0.0 for row in rows])
        expected.append(functional.cross_entropy(logits[None], torch.tensor([0])).item())
    of_impressions = towers()(**batch_of(clicks)).item()
    assert model(**batch_of(clicks)).item() - of_impressions == pytest.approx(np.mean(expected), rel=1e-4)


def test_an_article_clicked_twice_in_the_batch_competes_once():
    model = towers(in_batch=1.0)
    alone = [ClickExample([0], 9), ClickExample([1], 7)]
    twice = [*alone, ClickExample([2], 7)]
    _ = [click.history for click in twice]
    first = 5 * stored()[[9, 7]] @ read_user(model, [0]) - model.log_popularity[[9, 7]]
    expected = [functional.cross_entropy(first[None], torch.tensor([0])).item()]
    for row in (1, 2):
        logits = 5 * stored()[[7, 9]] @ read_user(model, [row]) - model.log_popularity[[7, 9]]
        expected.append(functional.cross_entropy(logits[None], torch.tensor([0])).item())
    assert model(**batch_of(twice)).item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_the_anchor_is_the_cosine_lost_against_the_untrained_towers():
    model = towers(anchor=1.0)
    clicks = [ITEMS[0], ITEMS[1]]
    lost = [
        1 - read_user(model, click.history) @ functional.normalize(stored()[click.history].mean(0), dim=0)
        for click in clicks
    ]
    expected = torch.stack(lost).mean().item()
    assert expected > 0.01
    assert model(**batch_of(clicks)).item() - towers()(**batch_of(clicks)).item() == pytest.approx(expected, rel=1e-3)
    untrained = TwoTowers(
        UserTower(DIM, history=5), None, stored(), torch.zeros(COUNT), temperature=0.2, **{**OFF, "anchor": 1.0}
    ).eval()
    plain = TwoTowers(UserTower(DIM, history=5), None, stored(), torch.zeros(COUNT), temperature=0.2, **OFF).eval()
    assert untrained(**batch_of()).item() == pytest.approx(plain(**batch_of()).item(), abs=1e-5), "nothing is lost yet"


def test_the_teacher_pulls_the_loss_towards_it():
    click = ClickExample([0, 3], 9, [1, 2], teacher=[3.0, 0.0, -1.0])
    batch = batch_of([click])
    rows = batch["rows"][torch.cat([batch["clicked"], batch["negatives"][0]])]
    model = towers(distillation=2.0)
    found = (5 * stored()[rows] @ read_user(model, click.history)).log_softmax(0)
    wanted = batch["teacher"][0].log_softmax(0)
    expected = 2 * (wanted.exp() * (wanted - found)).sum().item()
    assert model(**batch).item() - towers()(**batch).item() == pytest.approx(expected, rel=1e-4)


def test_an_article_encoded_in_a_bucket_is_the_one_encoded_alone(encoder, tokens):
    model = towers(encoder, "full")
    batch = batch_of(tokens=tokens, encode_history=True)
    assert len(batch["tokens"]) > 1, "lengths differ"
    found = model.article_vectors(batch)
    for vector, row in zip(found, batch["rows"].tolist(), strict=True):
        (part,) = tokens([row])
        alone = model.article_vectors({"rows": torch.tensor([row]), "encoded": torch.tensor([0]), "tokens": [part]})
        torch.testing.assert_close(vector, alone[0], atol=1e-6, rtol=1e-5)
        assert vector.norm().item() == pytest.approx(1, abs=1e-5)


def test_what_is_not_encoded_is_taken_as_it_is_stored(encoder, tokens):
    model = towers(encoder, "full")
    batch = batch_of(ITEMS[:2], tokens=tokens)
    found = model.article_vectors(batch)
    scored = set(batch["encoded"].tolist())
    assert batch["rows"][sorted(scored)].tolist() == [1, 2, 7, 9]
    for place, row in enumerate(batch["rows"].tolist()):
        assert torch.equal(found[place], stored()[row]) == (place not in scored)


def test_stored_vectors_never_learn(encoder, tokens):
    frozen = towers(adversarial=0.1).train()
    gradients(frozen, batch_of())
    assert torch.equal(frozen.stored, stored()) and frozen.stored.grad is None and not frozen.stored.requires_grad
    assert "stored" not in dict(frozen.named_parameters()) and "stored" not in frozen.state_dict()
    assert not frozen.article_vectors(batch_of(ITEMS[1:])).grad_fn, "they come from no parameter"


@pytest.mark.parametrize("mode", ["lora", "last-n", "full"])
def test_activations_made_again_give_the_same_gradients(encoder, tokens, mode):
    batch = batch_of(tokens=tokens, encode_history=True)
    kept = gradients(towers(encoder, mode, in_batch=0.5).train(False), batch)
    model = towers(encoder, mode, in_batch=0.5, recompute=True)
    model.encoder.train()  # no dropout there; only training makes them again
    model.training = True
    again = gradients(model, batch)
    check_close(again, kept)
    assert any(name.startswith("encoder.") and part.any() for name, part in kept.items())


def test_adversarial_steps_add_the_loss_of_vectors_pushed_against_it():
    batch = batch_of()
    model = towers(in_batch=0.5, adversarial=0.3)
    model.training = True
    plain = towers(in_batch=0.5)
    vectors = stored()[batch["rows"]].requires_grad_()
    loss = plain._loss(vectors, batch)
    (gradient,) = torch.autograd.grad(loss, vectors)
    pushed = plain._loss(vectors + 0.3 * functional.normalize(gradient, dim=-1), batch)
    assert model(**batch).item() == pytest.approx((loss + pushed).item(), rel=1e-5)
    assert pushed > loss
    model.training = False
    assert model(**batch).item() == pytest.approx(loss.item(), rel=1e-6), "none of it when it is measured"


def test_padding_changes_nothing():
    model = towers(in_batch=1.0, anchor=1.0)
    batch = batch_of()
    wider = dict(batch)
    for name, mask in (("history", "history_mask"), ("negatives", "negatives_mask")):
        wider[name], wider[mask] = functional.pad(batch[name], (0, 1), value=3), functional.pad(batch[mask], (0, 1))
    wider["shown_mask"] = functional.pad(batch["shown_mask"], (0, 1))
    assert model(**wider).item() == pytest.approx(model(**batch).item(), rel=1e-5)


def test_several_interests_score_by_the_nearest():
    torch.manual_seed(0)
    model = TwoTowers(
        UserTower(DIM, history=5, interests=3), None, stored(), torch.zeros(COUNT), temperature=0.2, **OFF
    ).eval()
    click = ITEMS[0]
    interests = model.user_tower(stored()[click.history[::-1]][None], torch.ones(1, 3, dtype=torch.long))[0]
    logits = 5 * (stored()[[click.clicked, *click.shown]] @ interests.T).amax(1)
    expected = functional.cross_entropy(logits[None], torch.tensor([0])).item()
    assert model(**batch_of([click])).item() == pytest.approx(expected, rel=1e-4)
