import json
import shutil
from datetime import timedelta

import pyarrow as pa
import pytest

from broadsheet.corpus.impressions import read_rankable
from broadsheet.errors import CorpusError, ModelError
from broadsheet.importers.transaction import Import
from broadsheet.models.loading import folder_fingerprint
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.learned import last_decision, take_back
from broadsheet.nightly.build import build
from broadsheet.offline.workbenches import open_bench
from broadsheet.operations.status import newsroom_state
from broadsheet.rerank.learned_fusion import FusionRecipe, fit_fusion, load_fusion, save_fusion
from broadsheet.tables.arrow_files import read_table, write_table
from broadsheet.tables.schemas import IMPRESSIONS
from broadsheet.training.fusion import read_lists, usable
from broadsheet.training.learning_on.fusion import learn_fusion
from broadsheet.training.learning_on.learn import learn
from broadsheet.workbench.models import EditionModels
from tests.support.evaluated import make_attention, make_towers
from tests.support.tiny import START, make_impressions, make_newsroom

EXTRA = "\n[towers]\ninterests = 1\n[learning]\npasses = 4\npace = 3.0\n"


def add(room, split, first, last, wrong_until=0):
    """Add impressions; in those before `wrong_until` the readers click what is not of their topic."""
    rows = [row | {"user_id": f"U{number % 90}"} for number, row in enumerate(make_impressions(last))]
    for row in rows[:wrong_until]:
        row["clicked"] = [not clicked for clicked in row["clicked"]]
    with Import(room) as adding:
        adding.impressions(split, rows[first:])


@pytest.fixture(scope="module")
def start(encoder, tmp_path_factory):
    """A newsroom with an edition, 300 impressions, and models whose weights were drawn at random."""
    room = make_newsroom(tmp_path_factory.mktemp("start") / "newsroom", encoder, extra=EXTRA)
    add(room, "monday", 0, 300)
    make_towers(room.towers, encoder)
    make_attention(room.attention, encoder)
    build(room, ["fan"])
    return room


@pytest.fixture(scope="module")
def learned(start, tmp_path_factory):
    """The newsroom after its models learned on, and the decision."""
    return (room := copy_of(start, tmp_path_factory.mktemp("learned"))), learn(room)


def copy_of(room, folder):
    return Newsroom(shutil.copytree(room.path, folder / "newsroom", symlinks=True))


def models(room):
    return {name: folder_fingerprint((room.path / "models" / name).resolve()) for name in ("towers", "attention")}


def test_models_that_rank_new_clicks_better_take_their_place_and_the_cards_say_from_what(start, learned):
    room, decision = learned
    assert decision["promoted"] == ["towers", "attention"] and decision["held_out"] == 60
    assert decision["why"].startswith("towers, attention learned on and took their place; on 60 held-out impressions")
    for name in ("towers", "attention"):
        figures, card = decision["models"][name], json.loads((room.path / "models" / name / "card.json").read_text())
        assert figures["learned"] == 240 and figures["replayed"] == 0
        assert figures["auc"]["after"] > figures["auc"]["before"] and figures["auc"]["low"] > 0
        assert card["learned_until"] == (START + timedelta(hours=40, minutes=239)).isoformat()
        assert card["learned_on"]["times"] == 1 and card["learned_on"]["held_out"] == 60
        assert models(room)[name] != models(start)[name]
    assert decision["models"]["off-policy"] == "no propensities were logged"
    assert last_decision(room) == json.loads((room.path / "models" / "learning.jsonl").read_text())
    assert newsroom_state(room)["learning"]["promoted"] == ["towers", "attention"]


def test_the_next_build_encodes_nothing_and_its_readers_get_the_new_vectors(start, learned, tmp_path):
    room, events = copy_of(learned[0], tmp_path), []
    before = room.current()
    after = build(room, ["fan"], record=events.append)
    encoded = next(event for event in events if event["stage"] == "encode")
    assert encoded["counts"]["encoded"] == 0
    assert after.news_vectors.read_bytes() == before.news_vectors.read_bytes()
    assert after.user_vectors.read_bytes() != before.user_vectors.read_bytes()


def test_without_new_clicks_nothing_happens_and_the_reason_is_said(learned, tmp_path, command):
    room = copy_of(learned[0], tmp_path)
    before = models(room), (room.path / "models" / "learning.jsonl").read_bytes()
    code, out, _ = command("learn", room.path)
    assert code == 0 and out.startswith("No new clicks: the corpus has no impression with known clicks after 2024-")
    assert before == (models(room), (room.path / "models" / "learning.jsonl").read_bytes())


def test_the_next_day_goes_on_from_there_with_what_was_held_out_and_some_older_impressions(learned, tmp_path):
    room = copy_of(learned[0], tmp_path)
    add(room, "tuesday", 300, 520)
    decision = learn(room)
    # 60 held out on the day before and 220 new impressions; a fifth of them is held out, and three in ten are older.
    assert decision["held_out"] == 56
    assert [decision["models"][name]["learned"] for name in ("towers", "attention")] == [224, 224]
    assert [decision["models"][name]["replayed"] for name in ("towers", "attention")] == [96, 96]
    if decision["promoted"]:
        card = json.loads((room.path / "models" / decision["promoted"][0] / "card.json").read_text())
        assert card["learned_on"]["times"] == 2


def test_one_command_takes_the_models_of_before_back(start, learned, tmp_path, command):
    room = copy_of(learned[0], tmp_path)
    code, out, _ = command("learn", room.path, "--undo")
    assert code == 0 and out.startswith("towers, attention: back to the former models, learned-20")
    assert models(room) == models(start)
    assert EditionModels(room, room.config()).towers.is_dir()
    code, _, err = command("learn", room.path, "--undo")
    assert code == 2 and "nothing to take back" in err
    assert learn(room)["why"].startswith("No new clicks"), "the same clicks do not bring the same models back"


def test_what_ranks_worse_is_not_put_in_use_and_why_is_said(learned, tmp_path):
    room = copy_of(learned[0], tmp_path)
    config = room.config_file.read_text()
    room.config_file.write_text(config.replace("pace = 3.0", "pace = 30.0\nmargin = 0.0"))
    before = models(room)
    add(room, "tuesday", 300, 560, wrong_until=490)
    decision = learn(room)
    assert decision["promoted"] == [] and models(room) == before
    assert decision["why"].startswith("Kept as they were: ") and "expected -0.0000 or more" in decision["why"]
    assert not (room.path / "models" / ".learning").exists()
    assert last_decision(room)["promoted"] == []
    assert learn(room)["why"].startswith("No new clicks"), "nothing is new since the decision"


def test_logged_propensities_have_a_say_too(start, tmp_path):
    room = copy_of(start, tmp_path)
    table = read_table(room.impressions("monday"), IMPRESSIONS)
    logged = pa.array([[0.5] * len(shown) for shown in table["shown"].to_pylist()], pa.list_(pa.float32()))
    place = IMPRESSIONS.get_field_index("propensity")
    write_table(room.impressions("monday"), table.set_column(place, IMPRESSIONS.field(place), logged), IMPRESSIONS)
    decision = learn(room)
    found = decision["models"]["off-policy"]
    assert set(found["estimated clicks a page"]) == {"before", "after", "low", "high"}
    assert bool(decision["promoted"]) is (found["estimated clicks a page"]["low"] >= -0.005)


def test_too_few_new_clicks_are_kept_for_the_next_time(learned, tmp_path):
    room = copy_of(learned[0], tmp_path)
    add(room, "tuesday", 300, 400)
    why = learn(room)["why"]
    assert why.startswith("Too few new clicks: 160 impressions are new, and 32 of those held out show both")


def test_an_interruption_changes_nothing(start, tmp_path):
    room = copy_of(start, tmp_path)

    def interrupted(line):
        if line.startswith("page"):
            raise KeyboardInterrupt

    before = models(room)
    with pytest.raises(KeyboardInterrupt):
        learn(room, say=interrupted)
    assert models(room) == before and last_decision(room) is None
    assert sorted(path.name for path in (room.path / "models").iterdir()) == ["attention", "towers"]


def test_another_shape_is_refused_and_all_that_is_wrong_is_said_at_once(start, tmp_path, encoder):
    room = copy_of(start, tmp_path)
    room.config_file.write_text(room.config_file.read_text().replace("interests = 1", "interests = 5"))
    card = json.loads((room.attention / "card.json").read_text())
    (room.attention / "card.json").write_text(json.dumps(card | {"vectors": "other"}))
    with pytest.raises(ModelError) as caught:
        learn(room)
    assert "found user towers with interests 1, and [towers] interests = 5 in broadsheet.toml" in str(caught.value)
    assert "the attentive scorer learned from the article vectors of another encoder" in str(caught.value)


def test_towers_that_the_settings_name_are_not_learned_on(start, tmp_path):
    room = copy_of(start, tmp_path)
    config = room.config_file.read_text().replace("[retrieval]", f'[retrieval]\ntowers = "{start.towers}"')
    room.config_file.write_text(config)
    with pytest.raises(ModelError, match=r'names a folder of its own, and learning on changes those in .* "auto"'):
        learn(room)


def test_without_any_model_there_is_nothing_to_go_on_from(start, tmp_path):
    room = copy_of(start, tmp_path)
    shutil.rmtree(room.path / "models")
    with pytest.raises(ModelError, match=r"no model to go on from: .* Train them first: `broadsheet train towers`"):
        learn(room)


def test_where_no_page_was_logged_it_is_said_what_models_learn_on_from(start, tmp_path):
    room = copy_of(start, tmp_path)
    room.impressions("monday").unlink()
    assert learn(room)["why"].startswith("No impressions with known clicks: models learn on from pages as they were")


def test_a_split_that_is_not_there_is_one_clear_error(start, tmp_path):
    room = copy_of(start, tmp_path)
    with pytest.raises(CorpusError, match=r"impressions-sunday.arrow: no such split"):
        learn(room, splits=["sunday"])


def test_the_packages_models_learn_on_and_keep_their_licence(start, tmp_path, encoder, monkeypatch):
    room, package = copy_of(start, tmp_path), tmp_path / "package"
    shutil.move(room.towers, package)
    shutil.rmtree(room.attention)
    card = json.loads((package / "card.json").read_text())
    (package / "card.json").write_text(json.dumps(card | {"licence": "research use"}))
    monkeypatch.setattr("broadsheet.retrieval.towers.trained.shipped_towers", lambda: package)
    before = folder_fingerprint(package)
    decision = learn(room)
    assert decision["promoted"] == ["towers"] and folder_fingerprint(package) == before
    assert decision["missing"][0] == "there is no model 'attention' in use, so it does not learn"
    found = EditionModels(room, room.config())
    assert found.towers == room.towers.resolve() and "the shipped towers learned from MIND" in found.licence_notice()
    room.config_file.write_text(f'licence = "open"\n{room.config_file.read_text()}')
    with pytest.raises(ModelError, match=r'towers: learned on from weights of the package.*licence = "open"'):
        _ = EditionModels(room, room.config()).towers
    take_back(room)
    assert folder_fingerprint(room.towers) == before


def test_a_learned_fusion_gets_more_trees(start, tmp_path, monkeypatch):
    room = copy_of(start, tmp_path)
    fusion = fit_fusion(lists := read_lists(open_bench(room), "monday"), usable(lists)[0], FusionRecipe(trees=12))
    save_fusion(fusion, room.fusion, {"recipe": vars(FusionRecipe(trees=12))})
    monkeypatch.setattr("broadsheet.training.learning_on.fusion.LEAST", 100)
    room.config_file.write_text(f"{room.config_file.read_text()}margin = 0.5\n")
    assert learn(room)["promoted"] == ["towers", "attention", "fusion"]
    assert [booster.num_trees() for booster in load_fusion(room.fusion).boosters] == [14]


def test_a_fusion_that_grew_too_large_begins_anew(start):
    bench, card = open_bench(start), {"recipe": {"trees": 4}}
    fusion = fit_fusion(lists := read_lists(bench, "monday"), usable(lists)[0], FusionRecipe(trees=12))
    impressions = read_rankable(start, bench.data.catalogue, "monday")
    assert learn_fusion(bench, fusion, card, impressions).boosters[0].num_trees() == 4


def test_the_status_tells_the_last_decision(learned, tmp_path, command):
    room = copy_of(learned[0], tmp_path)
    assert "towers, attention learned on and took their place" in command("status", room.path)[1].replace("\n", " ")
    take_back(room)
    assert ": towers, attention taken back." in command("status", room.path)[1]
