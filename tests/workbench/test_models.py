import re
from dataclasses import replace

import pytest

from broadsheet.errors import ModelError
from broadsheet.own_parts import OwnParts
from broadsheet.rerank.attentive_scorer import trained as attentive_scorers
from broadsheet.rerank.cross_encoder import trained as cross_encoders
from broadsheet.retrieval.towers import trained as towers
from broadsheet.workbench.models import EditionModels
from tests.retrieval.towers.test_trained import trained
from tests.support.evaluated import make_adapter, make_attention
from tests.support.tiny import make_writer


@pytest.fixture
def models(newsroom, encoder, tmp_path, monkeypatch):
    """Models of a newsroom whose encoder fits the towers that are shipped."""
    shipped = tmp_path / "shipped"
    towers.save_towers(trained(encoder, "frozen"), shipped, mode="frozen", base=str(encoder), card={})
    monkeypatch.setattr(towers, "shipped_towers", lambda: shipped)
    return EditionModels(newsroom, newsroom.config())


def with_licence(models, licence):
    return EditionModels(models.newsroom, replace(models.config, licence=licence))


def test_a_build_is_told_of_shipped_weights_that_are_for_research_only(models, tmp_path):
    assert models.towers == tmp_path / "shipped"
    assert models.licence_notice().startswith("licence: the shipped towers learned from MIND, whose licence is for")
    assert 'set licence = "open" at the top of broadsheet.toml' in models.licence_notice()


def test_the_adapter_of_the_cross_encoder_is_named_only_where_its_relevance_counts(models, tmp_path, monkeypatch):
    adapter = tmp_path / "adapter"
    base = models.config.rerank.encoder
    card = {"mode": "lora"}
    cross_encoders.save_cross_encoder(
        cross_encoders.new_cross_encoder(base), adapter, base=base, mode="lora", card=card
    )
    monkeypatch.setattr(cross_encoders, "shipped_adapter", lambda: adapter)
    assert "towers and the shipped cross-encoder's adapter learned" in with_licence(models, "any").licence_notice()
    unweighed = replace(models.config.rerank, weights=replace(models.config.rerank.weights, relevance=0.0))
    quiet = EditionModels(models.newsroom, replace(models.config, rerank=unweighed))
    assert "cross-encoder" not in quiet.licence_notice()


def test_the_attentive_scorer_is_named_and_taken_only_where_its_signal_counts(models, encoder, tmp_path, monkeypatch):
    make_attention(tmp_path / "attention", encoder)
    monkeypatch.setattr(attentive_scorers, "shipped_attention", lambda: tmp_path / "attention")
    assert "the shipped attentive scorer" in models.licence_notice() and models.attention is not None
    unweighed = replace(models.config.rerank, weights=replace(models.config.rerank.weights, attention=0.0))
    quiet = EditionModels(models.newsroom, replace(models.config, rerank=unweighed))
    assert "attentive" not in quiet.licence_notice() and not quiet.is_read("attention")
    assert with_licence(models, "open").attention is None


def test_the_cross_encoder_reads_nothing_for_a_ranking_in_which_its_relevance_does_not_count(models, encoder):
    make_adapter(models.newsroom.reranker, encoder)
    unweighed = replace(models.config.rerank, weights=replace(models.config.rerank.weights, relevance=0.0))
    quiet = EditionModels(models.newsroom, replace(models.config, rerank=unweighed))
    assert quiet.scorer is None and models.scorer is models.cross_encoder is not None
    with_own = replace(quiet, given=OwnParts(reranker=lambda reader, articles, signals: signals["two_tower"]))
    assert with_own.scorer is not None, "a re-ranker of the site's own gets the signal"


def test_an_open_licence_leaves_shipped_weights_out_and_says_nothing(models):
    free = with_licence(models, "open")
    assert (free.towers, free.cross_encoder_folder, free.licence_notice()) == (None, None, "")


def test_an_open_licence_keeps_what_the_newsroom_trained(models, encoder):
    own = models.newsroom.towers
    towers.save_towers(trained(encoder, "frozen"), own, mode="frozen", base=str(encoder), card={})
    free = with_licence(models, "open")
    assert free.towers == own.resolve() and free.licence_notice() == ""


@pytest.mark.parametrize("is_there", [True, False])
def test_a_writer_with_damaged_weights_is_an_error_that_names_the_setting_at_its_first_draft(
    newsroom, tmp_path, is_there
):
    folder = make_writer(tmp_path / "damaged")
    weights = folder / "model.safetensors"
    cut = weights.read_bytes()[:-9]
    weights.unlink()
    if is_there:
        weights.write_bytes(cut)
    config = newsroom.config()
    models = EditionModels(newsroom, replace(config, generate=replace(config.generate, writer=str(folder))))
    writer = models.writer
    where = re.escape(f"{newsroom.config_file}, [generate] writer: model '{folder}'")
    for draft in (lambda: writer(["Coal fell."]), lambda: writer.log_likelihoods(["Coal fell."], [""])):
        with pytest.raises(ModelError, match=f"^{where}"):
            draft()
