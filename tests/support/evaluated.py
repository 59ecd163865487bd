"""A tiny newsroom to measure: readers of one topic each, clicks before and after, models that nobody trained."""

from datetime import timedelta
from types import SimpleNamespace

from broadsheet.importers.transaction import Import
from tests.support.tiny import START, make_impressions, make_newsroom

SHOWN_AT = START + timedelta(hours=40)


def make_adapter(folder, encoder):
    """A cross-encoder's folder as training writes it, with weights that nobody trained."""
    import torch

    from broadsheet.rerank.cross_encoder.trained import new_cross_encoder, save_cross_encoder

    model = new_cross_encoder(str(encoder))
    with torch.no_grad():
        model.linear.weight.normal_(0, 0.3)
    save_cross_encoder(model, folder, base=str(encoder), mode="lora", card={})


def make_attention(folder, encoder, dim=32, seed=0):
    """An attentive scorer's folder as training writes it, with weights that nobody trained."""
    from broadsheet.rerank.attentive_scorer.trained import save_attention

    save_attention(random_scorer(dim, seed), folder, base=str(encoder), vectors="", card={"centre": 0.0})


def random_scorer(dim, seed=0):
    """An attentive scorer all of whose weights were drawn at random."""
    import torch

    from broadsheet.readers.reads import READS
    from broadsheet.rerank.attentive_scorer.inputs import COUNTS
    from broadsheet.rerank.attentive_scorer.model import AttentiveScorer

    torch.manual_seed(seed)
    model = AttentiveScorer(dim, len(COUNTS), reads=len(READS))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    return model.eval()


def click(user, news, hours, event="click"):
    return {"user_id": user, "news_id": news, "time": START + timedelta(hours=hours), "event": event}


CLICKS = [click("a", "N3", 30), click("b", "N3", 35), click("c", "N4", 39), click("d", "N5", 39, "hide")]


def make_room(path, encoder, *, clicks=CLICKS, impressions=None, extra="", adapter=True):
    newsroom = make_newsroom(path, encoder, extra=extra)
    with Import(newsroom) as add:
        add.clicks(clicks)
        add.impressions("valid", impressions or make_impressions(30))
    if adapter:
        make_adapter(newsroom.reranker, encoder)
    return newsroom


def ids(bench, lists):
    """The articles of lists of rows, without the -1 that fill a list up."""
    return [[str(news_id) for news_id in bench.data.catalogue.ids(rows[rows >= 0])] for rows in lists]


def make_towers(folder, encoder, seed=0):
    """Towers on frozen article vectors as training writes them, whose user tower reads at random."""
    import torch

    from broadsheet.retrieval.towers.trained import save_towers
    from broadsheet.retrieval.towers.user_tower import new_user_tower

    torch.manual_seed(seed)
    tower = new_user_tower(32, history=10)
    with torch.no_grad():
        for weights in tower.parameters():
            weights.normal_(0, 1.0)  # enough to change what is near
    save_towers(SimpleNamespace(user_tower=tower), folder, mode="frozen", base=str(encoder), card={})
    return folder


def row(number, shown, clicked, history=()):
    return {
        "impression_id": str(number),
        "user_id": "fan",
        "time": SHOWN_AT,
        "history": list(history),
        "shown": shown,
        "clicked": clicked,
        "propensity": None,
    }
