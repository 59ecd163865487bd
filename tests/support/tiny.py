"""Tiny real models and a tiny real newsroom, made in seconds without any download."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a tiny model is ten times faster without a second thread to wait for

from broadsheet.importers.transaction import Import
from broadsheet.newsroom import Newsroom

TOPICS = {
    "sports": ["football", "match", "goal", "coach", "team", "cup", "player", "league"],
    "politics": ["election", "senate", "vote", "minister", "party", "law", "president", "court"],
    "science": ["space", "rocket", "planet", "cell", "study", "ocean", "energy", "lab"],
}
GLUE = ["the", "a", "of", "in", "for", "new", "and", "says", "after", "wins"]
START = datetime(2024, 5, 1, tzinfo=UTC)


def make_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ";", ":", ".", *GLUE, *TOPICS]
    words += [word for topic in TOPICS.values() for word in topic]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=128,
    ).save_pretrained(folder)


def make_encoder(folder: Path, seed: int = 0, hidden: int = 32) -> Path:
    """A BERT of two layers whose word vectors agree within a topic, so that its similarities mean something."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    make_tokenizer(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(seed)
    model = BertModel(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=hidden,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=128,
        ),
        add_pooling_layer=False,
    )
    with torch.no_grad():
        for words in TOPICS.values():
            direction = torch.randn(hidden)
            for word in words:
                model.embeddings.word_embeddings.weight[tokenizer.convert_tokens_to_ids(word)] += direction
    model.save_pretrained(folder)
    return folder


def make_news(count: int = 60) -> list[dict[str, object]]:
    topics = list(TOPICS)
    rows = []
    for number in range(count):
        topic = topics[number % 3]
        words = TOPICS[topic]
        body = f"The {words[(number + 3) % 8]} of the {words[(number + 5) % 8]} says a new {words[number % 8]}. " * 2
        title = f"{words[number % 8]} {words[(number * 3 + 1) % 8]} {GLUE[number % 10]} {words[(number * 5 + 2) % 8]}"
        rows.append(
            {
                "news_id": f"N{number}",
                "title": title.capitalize(),
                "abstract": f"The {words[(number + 3) % 8]} of the {words[(number + 5) % 8]}.",
                "body": body,
                "category": topic,
                "subcategory": f"{topic} {number % 2}",
                "source": f"Paper {number % 4}",
                "url": f"https://example.org/{number}",
                "published_at": START + timedelta(hours=number),
            }
        )
    return rows


def make_impressions(count: int = 60) -> list[dict[str, object]]:
    """Readers of one topic each, who click what is of their topic."""
    rows = []
    for number in range(count):
        topic = number % 3
        same = [f"N{n}" for n in range(topic, 30, 3)]
        other = [f"N{n}" for n in range(30) if n % 3 != topic]
        shown = [
            same[(number + 7) % 10],
            other[number % 20],
            other[(number * 7 + 3) % 20],
            other[(number * 3 + 11) % 20],
        ]
        shown = list(dict.fromkeys(shown))
        rows.append(
            {
                "impression_id": str(number),
                "user_id": f"U{number}",
                "time": START + timedelta(hours=40, minutes=number),
                "history": [same[number % 10], same[(number + 1) % 10], same[(number + 2) % 10]],
                "shown": shown,
                "clicked": [place == 0 for place in range(len(shown))],
                "propensity": None,
            }
        )
    return rows


USERS = [
    {"user_id": "fan", "history": ["N0", "N3", "N6"], "profile": "", "hidden": ["N9"]},
    {"user_id": "voter", "history": ["N1", "N4", "N7", "GONE"], "profile": "", "hidden": []},
    {"user_id": "asker", "history": [], "profile": "space rocket", "hidden": []},
    {"user_id": "nobody", "history": [], "profile": "", "hidden": []},
]


def make_newsroom(path: Path, encoder: Path, *, writer: str = "", news: int = 60, extra: str = "") -> Newsroom:
    """A newsroom of three topics; the writer is off unless named, and then drafts headlines too."""
    newsroom = Newsroom(path)
    with Import(newsroom) as add:
        add.news(make_news(news))
        add.users(USERS)
    newsroom.config_file.write_text(
        f'clock = "latest"\n[retrieval]\nencoder = "{encoder}"\ncandidates = 20\n'
        f'[rerank]\nencoder = "{encoder}"\ndepth = 12\n'
        f'[generate]\nwriter = "{writer}"\nheadlines = "personal"\nstories = 5\nleast_kept = 0\n{extra}',
        "utf-8",
    )
    return newsroom


def make_writer(folder: Path, seed: int = 0) -> Path:
    """A GPT-2 of two layers, untrained: its drafts are words of the article in any order, the same each time."""
    import torch
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    make_tokenizer(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.eos_token = "[SEP]"
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=256, n_embd=32, n_layer=2, n_head=2, bos_token_id=2, eos_token_id=3
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder
