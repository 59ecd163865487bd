"""The encoder of a newsroom whose settings name none."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from broadsheet.config.settings import Config
from broadsheet.errors import AssetError
from broadsheet.newsroom import Newsroom
from broadsheet.nightly.build import build
from broadsheet.nightly.earlier import Earlier
from broadsheet.nightly.ray.worker import ENCODE, Worker
from broadsheet.operations.status import newsroom_state
from broadsheet.pipeline import Pipeline
from broadsheet.tables.arrow_files import from_rows, write_table
from broadsheet.tables.schemas import NEWS
from broadsheet.training.folder import new_card
from broadsheet.workbench.languages import Reads, Told, choose_encoder, standing, told_languages
from broadsheet.workbench.models import EditionModels
from tests.support.assets import put_assets
from tests.support.tiny import USERS

ENGLISH = "The mayor of the town says that the bridge will be closed after the storm"
DANISH = "Borgmesteren i byen siger at broen bliver lukket efter stormen i nat for alle biler"
CHINESE = "市長表示大橋將在暴風雨後關閉"


def table(*texts: str, language: str = "") -> pa.Table:
    empty = dict.fromkeys(("abstract", "body", "category", "subcategory", "source", "url", "content_hash", "kept"), "")
    rows = [
        empty | {"news_id": f"N{n}", "title": text, "language": language, "published_at": None}
        for n, text in enumerate(texts)
    ]
    return from_rows(rows, NEWS)


@pytest.fixture
def room(tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    """An empty newsroom without settings, where both default encoders are fetched."""
    put_assets(monkeypatch, tmp_path / "cache", encoder, "minilm", "e5")
    return Newsroom(tmp_path / "room")


def publish(room: Newsroom, reads: dict[str, object] | None, encoder: str) -> None:
    room.start_edition()
    said = {} if reads is None else {"reads": reads}
    room.point_to(room.complete({"models": {"encoder": encoder}} | said))


@pytest.mark.parametrize(
    ("news", "told"),
    [
        (table(*[ENGLISH] * 10), Told(10, 10)),
        (table(*[DANISH] * 10), Told(0, 10)),
        (table(*[CHINESE] * 3), Told(0, 3)),
        (table(*[DANISH] * 8, *[CHINESE] * 2), Told(0, 10)),
        (table(*[DANISH] * 3, language="en-GB"), Told(3, 3)),
        (table(*[ENGLISH] * 3, language="da"), Told(0, 3)),
        (table("Bridge closed"), Told(0, 0)),
        (table(), Told(0, 0)),
    ],
)
def test_the_language_of_articles_is_their_column_or_is_told_from_titles_joined(news: pa.Table, told: Told) -> None:
    assert told_languages(news) == told


@pytest.mark.parametrize(
    ("english", "before", "expected"),
    [
        (10, None, "asset:minilm"),
        (5, None, "asset:minilm"),
        (4, None, "asset:e5"),
        (4, True, "asset:minilm"),
        (1, True, "asset:e5"),
        (6, False, "asset:e5"),
        (9, False, "asset:minilm"),
    ],
)
def test_the_majority_decides_once_and_then_nearly_all_articles(
    room: Newsroom, english: int, before: bool | None, expected: str
) -> None:
    news = pa.concat_tables(
        [table(*["x"] * english, language="en"), table(*["x"] * (10 - english), language="da")]
    ).combine_chunks()
    if before is not None:
        publish(room, {"encoder": "asset:minilm" if before else "asset:e5", "english": before}, "")
    assert choose_encoder(room, Config(), news).encoder == expected


def test_an_encoder_that_is_named_stays_and_the_sentence_says_what_is_left_out(room: Newsroom) -> None:
    named = replace(Config(), retrieval=replace(Config().retrieval, encoder="asset:minilm"))
    chosen = choose_encoder(room, named, table(*[DANISH] * 10))
    assert chosen.encoder == "asset:minilm" and not chosen.english
    assert chosen.why == (
        "encoder: asset:minilm, as it is named; 0% of the articles are in English, so the cross-encoder that comes "
        "with the package reads English and is not used."
    )


def test_the_encoder_of_towers_that_were_trained_here_stays(room: Newsroom) -> None:
    room.towers.mkdir(parents=True)
    card = {"base": "asset:minilm", "base_fingerprint": "", "mode": "frozen"}
    shape = {"user_tower": {"interests": 1, "layers": 1, "history": 50}}
    (room.towers / "user_tower.safetensors").touch()
    (room.towers / "card.json").write_text(json.dumps(new_card([]) | card | shape), "utf-8")
    assert choose_encoder(room, Config(), table(*[DANISH] * 10)).encoder == "asset:minilm"


def test_without_the_encoder_in_the_cache_the_error_says_why_it_is_wanted_and_how_to_get_it(
    room: Newsroom, tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_assets(monkeypatch, tmp_path / "other", encoder, "minilm")
    with pytest.raises(AssetError, match=r"91 MB, MIT.*since 0% of the articles.*`broadsheet assets e5`"):
        choose_encoder(room, Config(), table(*[DANISH] * 10))
    assert choose_encoder(room, Config(), table(*[ENGLISH] * 10)).encoder == "asset:minilm"


def test_an_edition_of_an_earlier_version_is_read_with_its_own_encoder_until_the_next_build(room: Newsroom) -> None:
    write_table(room.news, table(*[DANISH] * 10), NEWS)
    publish(room, None, "asset:minilm")
    assert standing(room, Config()) == Reads("asset:minilm")
    assert choose_encoder(room, Config(), table(*[DANISH] * 10)).encoder == "asset:e5"


def test_the_english_cross_encoder_is_not_opened_for_articles_in_another_language(
    room: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROADSHEET_CACHE", str(tmp_path / "nothing"))
    assert EditionModels(room, Config(), chosen=Reads("asset:e5", english=False)).scorer is None
    with pytest.raises(AssetError, match="minilm"):
        _ = EditionModels(room, Config(), chosen=Reads("asset:e5")).scorer


def test_a_worker_on_another_machine_reads_with_what_the_build_chose(
    room: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table(room.news, table(*[ENGLISH] * 10), NEWS)
    monkeypatch.setenv("BROADSHEET_CACHE", str(tmp_path / "nothing"))
    tasks = pa.Table.from_pylist([{"part": 0, "blocks": [[0]]}])
    given = (ENCODE, "run", room, room.building, Config(), datetime.now(UTC), Earlier())
    (answer,) = Worker(*given, Reads("asset:e5", english=False))(tasks).to_pylist()
    assert answer["kind"] == "AssetError" and "`broadsheet assets e5`" in answer["problem"]


def test_a_danish_newsroom_without_settings_is_built_requested_and_built_again_with_one_encoder(
    room: Newsroom, tmp_path: Path
) -> None:
    from broadsheet.importers.transaction import Import

    with Import(room) as add:
        add.news({"news_id": f"N{n}", "title": f"{DANISH} {n}", "body": DANISH} for n in range(12))
        add.users(USERS)
    room.config_file.write_text('[generate]\nwriter = ""\n', "utf-8")
    said: list[str] = []
    first = build(room, "all", said.append)
    sentence = next(line for line in said if line.startswith("encoder: asset:e5 (multilingual-e5-small"))
    assert "since 0% of the articles are in English" in sentence and "91 MB, MIT licence" in sentence
    assert first.read_manifest()["models"]["encoder"] == "asset:e5"
    assert newsroom_state(room)["editions"][0]["reads"] == sentence
    assert len(Pipeline.open(room).run("fan", 3).stories) == 3
    with Import(room) as add:
        add.news({"news_id": f"E{n}", "title": f"{ENGLISH} {n}", "body": ENGLISH} for n in range(40))
    assert build(room, "all").read_manifest()["models"]["encoder"] == "asset:e5"
