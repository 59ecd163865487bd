import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.retrieval.towers.contrastive import (
    distillation_loss,
    gather,
    impression_loss,
    in_batch_loss,
    interest_scores,
)

LOG2, LOG3 = math.log(2), math.log(3)
ALL = torch.ones(1, 2, dtype=torch.bool)


def tensor(*rows):
    return torch.tensor(rows)


def test_a_reader_scores_an_article_by_the_nearest_interest():
    users = tensor([[1.0, 0.0], [0.0, 1.0]], [[0.6, 0.8], [0.6, 0.8]])  # (2 users, 2 interests, 2)
    articles = tensor([0.0, 1.0], [0.8, 0.6])
    assert interest_scores(users, articles).tolist() == pytest.approx(np.array([[1.0, 0.8], [0.8, 0.96]]))
    own = torch.stack([articles, articles.flip(0)])  # each user's own
    assert interest_scores(users, own).tolist() == pytest.approx(np.array([[1.0, 0.8], [0.96, 0.8]]))


def test_the_impression_loss_is_minus_the_log_softmax_of_the_clicked_article():
    # e^log2 / (e^log2 + 1 + 1) = 1/2; a masked article does not compete: 2/3; without any the click counts for nothing.
    own = tensor([LOG2, 0.0, 0.0], [LOG2, 0.0, 9.0], [5.0, 9.0, 9.0])
    mask = tensor([True, True], [True, False], [False, False])
    assert impression_loss(own, mask).item() == pytest.approx((LOG2 + math.log(1.5)) / 2)


def test_without_any_shown_article_the_loss_is_nothing_and_has_a_gradient():
    own = torch.ones(2, 3, requires_grad=True)
    loss = impression_loss(own, torch.zeros(2, 2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0 and not own.grad.any()


def test_in_the_batch_all_clicked_articles_that_the_reader_does_not_know_compete():
    own = tensor([0.0, 0.0])  # the click and one shown beside it
    scores = tensor([7.0, 0.0, 0.0])
    excluded = tensor([True, False, False])
    assert in_batch_loss(scores, excluded, own, ALL[:, :1]).item() == pytest.approx(math.log(4))
    assert in_batch_loss(scores, ~excluded, own, ~ALL[:, :1]).item() == pytest.approx(math.log(1 + math.e**7))


def test_an_article_that_is_frequent_competes_less():
    # An article e times as frequent is pushed down e times less: logit 1 - log e = 0, as the click's own.
    scores = tensor([1.0]) - tensor([1.0])
    loss = in_batch_loss(scores, tensor([False]), tensor([0.0, 0.0]), ~ALL[:, :1])
    assert loss.item() == pytest.approx(LOG2)


def test_plain_in_batch_negatives_are_torchs_cross_entropy_of_the_diagonal():
    torch.manual_seed(0)
    logits = torch.randn(5, 5)
    own, mask = logits.diagonal()[:, None], torch.zeros(5, 0, dtype=torch.bool)
    expected = torch.nn.functional.cross_entropy(logits, torch.arange(5))
    assert in_batch_loss(logits, torch.eye(5, dtype=torch.bool), own, mask).item() == pytest.approx(expected.item())


def test_a_shown_group_is_torchs_cross_entropy_of_its_first():
    torch.manual_seed(0)
    logits = torch.randn(4, 6)
    expected = torch.nn.functional.cross_entropy(logits, torch.zeros(4, dtype=torch.long))
    assert impression_loss(logits, torch.ones(4, 5, dtype=torch.bool)).item() == pytest.approx(expected.item())


def test_distillation_is_the_divergence_from_the_teacher():
    own, teacher = tensor([0.0, 0.0, 0.0]), tensor([LOG2, 0.0, 0.0])  # thirds against a half and two quarters
    expected = 0.5 * math.log(0.5 * 3) + 2 * 0.25 * math.log(0.25 * 3)
    assert distillation_loss(own, teacher, ALL).item() == pytest.approx(expected)
    assert distillation_loss(teacher, teacher, ALL).item() == pytest.approx(0, abs=1e-6)


def test_clicks_without_a_teacher_teach_nothing():
    own = torch.zeros(2, 3, requires_grad=True)
    teacher = tensor([LOG2, 0.0, 0.0], [math.nan] * 3)
    both = torch.ones(2, 2, dtype=torch.bool)
    assert distillation_loss(own, teacher, both).item() == pytest.approx(
        distillation_loss(own[:1], teacher[:1], ALL).item()
    )
    loss = distillation_loss(own[1:], teacher[1:], ALL)
    loss.backward()
    assert loss.item() == 0 and not own.grad.any()


numbers = st.floats(-20, 20, width=32)


@settings(max_examples=50, deadline=None)
@given(st.lists(numbers, min_size=3, max_size=3), st.lists(numbers, min_size=3, max_size=3), numbers)
def test_what_is_excluded_or_masked_never_counts_and_gets_no_gradient(own, scores, other):
    def loss(masked, excluded):
        logits = [torch.tensor([own]), torch.tensor([scores])]
        logits[0][0, 2], logits[1][0, 1] = masked, excluded
        for part in logits:
            part.requires_grad_()
        found = in_batch_loss(logits[1], tensor([False, True, False]), logits[0], tensor([True, False]))
        found.backward()
        return found.item(), logits[0].grad[0, 2].item(), logits[1].grad[0, 1].item()

    assert loss(other, -other) == loss(0.0, 0.0)
    assert loss(other, -other)[1:] == (0, 0)


def test_alone_a_process_has_all_rows():
    rows = tensor([1.0], [2.0])
    assert gather(rows) is rows
