"""Each kind of bad input is one clear error or a counted skip, and leaves the newsroom as it was.

Here is a test for each kind that no other file has; the others are in:

- a missing or empty file: corpus/test_mind.py, corpus/test_import_tables.py; of Arrow: test_tables.py
- a TSV row with too few columns: corpus/test_mind.py
- invalid UTF-8: corpus/test_mind.py, corpus/test_readers.py, corpus/test_import_failures.py
- a duplicate id: corpus/test_store.py; in a corpus of another's making: test_build.py
- an impression whose articles have no text: corpus/test_mind.py, corpus/test_rows.py
- a click before the article was published: corpus/test_import_tables.py
- an unreadable time: corpus/test_rows.py
- a newsroom built with another model than the config names: test_pipeline.py, test_steps.py
- a truncated or foreign Arrow or FAISS file: test_tables.py, test_pipeline.py, test_verify.py
- a full disk in mid-build, a killed build, two builds at once: test_build_killed.py; in mid-import: corpus/
- an article without text, of 50,000 words, in another script: generate/test_bad_articles.py, test_legible.py
- an unknown user, an empty request, k = 0 or beyond the catalogue: test_pipeline.py, test_cli.py, test_build.py
"""

import json
import re
from datetime import timedelta

import pytest

from broadsheet.errors import ConfigError, ContractError, ModelError, NewsroomError
from broadsheet.importers.transaction import Import
from broadsheet.nightly.build import build
from broadsheet.pipeline import Pipeline
from broadsheet.tables.files import file_sha256
from tests.support.tiny import START, make_newsroom, make_writer


def state(room):
    """Every file of a newsroom but what a build leaves for the next one."""
    return {
        path.relative_to(room.path): file_sha256(path)
        for path in room.path.rglob("*")
        if path.is_file() and room.building.path not in path.parents and path.name != ".lock"
    }


@pytest.mark.parametrize("name", ["news", "users", "clicks"])
@pytest.mark.parametrize("content", [b"", b"ARROW1\0\0 and then nothing of ours"])
def test_a_damaged_corpus_is_one_error_of_a_build_and_the_edition_stays(newsroom, name, content):
    edition = build(newsroom, ["fan"])
    path = getattr(newsroom, name)
    path.unlink()
    path.write_bytes(content)
    before = state(newsroom)
    with pytest.raises(ContractError, match=rf"{name}\.arrow: not a whole Arrow IPC file"):
        build(newsroom, ["fan"])
    assert state(newsroom) == before and newsroom.current() == edition


@pytest.mark.parametrize("content", [b"", b"[]", b'{"manifest": 1}', b'"text"', b"\xff"])
def test_a_foreign_manifest_is_one_error_that_names_it(newsroom, content):
    build(newsroom, ["fan"]).manifest.write_bytes(content)
    with pytest.raises(NewsroomError, match=r"manifest\.json: no readable manifest"):
        Pipeline.open(newsroom.path)
    assert len(build(newsroom, ["fan"]).read_manifest()["files"]) == 11


@pytest.mark.parametrize(
    "setting", ['clock = "noon"', "[retrieval]\ncandidates = 0", "[generate]\nstories = 0.5", "x = ["]
)
def test_a_bad_setting_is_one_error_before_anything_is_built(newsroom, setting):
    newsroom.config_file.write_text(setting)
    before = state(newsroom)
    with pytest.raises(ConfigError, match=r"broadsheet\.toml: "):
        build(newsroom)
    assert state(newsroom) == before and not newsroom.building.path.exists()


@pytest.mark.parametrize("section", ["retrieval", "rerank", "generate"])
def test_a_model_that_is_not_there_is_one_error_and_the_edition_stays(newsroom, tmp_path, section):
    edition = build(newsroom, ["fan"])
    name = "writer" if section == "generate" else "encoder"
    head, _, tail = newsroom.config_file.read_text().partition(f"[{section}]\n")
    newsroom.config_file.write_text(f'{head}[{section}]\n{name} = "{tmp_path}"\n{tail.partition(chr(10))[2]}')
    before = state(newsroom)
    with pytest.raises(ModelError, match=r"no config\.json in that folder"):
        build(newsroom, ["fan"])
    assert state(newsroom) == before and newsroom.current() == edition


def test_a_current_edition_that_lost_its_files_does_not_hinder_the_next_build(newsroom):
    edition = build(newsroom, ["fan"])
    manifest = json.loads(edition.manifest.read_text("utf-8"))
    for name in manifest["files"]:
        (edition.path / name).unlink()
    with pytest.raises(ContractError, match="Run `broadsheet rollback`, or `broadsheet build` again") as raised:
        Pipeline.open(newsroom.path)
    tables = sorted(name for name in manifest["files"] if name.endswith(".arrow"))
    assert re.findall(r"- (\S+): SHA-256 is missing", str(raised.value)) == tables and len(tables) == 10
    assert build(newsroom, ["fan"]) == newsroom.current() and len(Pipeline.open(newsroom.path).run("fan").stories) == 10


def odd_rows():
    """Newer than all others, so that they lead the page of a new reader."""
    texts = [
        ("<script>alert(1)</script> wins the cup", "", "<img src=x onerror=alert(2)> wins. " * 9),
        ("Tom &amp; Ann win &lt;b&gt;cup&lt;/b&gt;", "", ""),
        ("Fo\x00ot\x1b[31mball \u202ewins\u200b", "A\x07 goal\u2066.", "The\x00 player wins. \ufeffThe coach says so."),
        ("word " * 2000, "", "word " * 50_000),
        ("中国总理访问北京", "", "中国总理周一在北京会见了法国总统马克龙。" * 50),
    ]
    return [
        {"news_id": f"odd{number}", "title": title, "abstract": abstract, "body": body, "category": "s\x00\u202eports"}
        | {"source": "Pa\x1bper", "url": "java\x00script:alert(1)", "published_at": START + timedelta(hours=60)}
        for number, (title, abstract, body) in enumerate(texts)
    ]


def test_odd_articles_are_shown_escaped_shortened_and_without_control_characters(tmp_path, encoder):
    room = make_newsroom(tmp_path / "newsroom", encoder, writer=str(make_writer(tmp_path / "writer")))
    with Import(room) as add:
        add.news(odd_rows())
    build(room, ["nobody"])
    page = Pipeline.open(room.path).run("nobody")
    html, text, document = page.to_html(), str(page), json.dumps(page.to_dict(), ensure_ascii=False)
    assert sum(story["news_id"].startswith("odd") for story in page.stories.to_pylist()) >= 3
    for shown in (html, text, document):
        assert not [one for one in shown if not one.isprintable() and one not in "\n\u200c\u200d"]
    assert "<script>" not in html and "<img src=x" not in html and "javascript:" not in html
    titles = {story["title"] for story in page.stories.to_pylist()}
    assert max(map(len, titles)) <= 300 and not [title for title in titles if "&amp;" in title]
