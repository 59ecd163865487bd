import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest

from broadsheet.cli.demo import PRINTED, REQUEST, show_demo
from broadsheet.cli.printing import show, show_answer
from broadsheet.errors import InputError, NewsroomError
from broadsheet.generate import Answer, Cited
from broadsheet.importers.demo import import_demo, read_users
from broadsheet.importers.transaction import Import
from broadsheet.models import assets
from broadsheet.newsroom import Newsroom
from broadsheet.newsroom.up_to_date import present_edition
from broadsheet.pipeline import Pipeline
from broadsheet.progress import silent
from tests.support.tiny import START, make_encoder, make_news


@pytest.fixture(scope="module")
def page(built):
    return Pipeline.open(built.path).run("fan", 3)


def test_a_page_is_printed_as_text(page, capsys):
    show(page, as_json=False, html=None)
    printed = capsys.readouterr().out
    first = page.stories.column("headline")[0].as_py()
    assert "BROADSHEET" in printed and "For fan" in printed and first in printed


def test_json_holds_the_whole_page_and_nothing_else_is_printed(page, capsys):
    show(page, as_json=True, html=None)
    assert json.loads(capsys.readouterr().out) == page.to_dict()


def test_html_goes_to_its_file_and_the_place_is_said(page, tmp_path, capsys):
    target = tmp_path / "new folder" / "page.html"
    show(page, as_json=False, html=target)
    out, err = capsys.readouterr()
    assert target.read_text("utf-8") == page.to_html()
    assert not out and err == f"written to {target}\n"


def test_html_and_json_are_both_given_where_both_are_asked_for(page, tmp_path, capsys):
    show(page, as_json=True, html=tmp_path / "page.html")
    assert json.loads(capsys.readouterr().out)["user_id"] == "fan" and (tmp_path / "page.html").is_file()


def test_an_answer_is_printed_once_and_before_its_page_is_asked_for(built, capsys):
    answer, page = Pipeline.open(built.path).ask_stream("space rocket planet study", 3)
    first = answer.sentences[0].text

    def parts():
        yield answer
        assert first in (printed := " ".join(capsys.readouterr().out.split())) and "[1]" in printed
        yield page

    show_answer(parts(), as_json=False, html=None)
    printed = capsys.readouterr().out
    assert "In answer to" in printed and page.stories["headline"][0].as_py() in printed
    assert first not in " ".join(printed.split("1. ")[0].split()), "not above the stories again"


def test_what_an_answer_says_cannot_steer_the_terminal(capsys):
    show_answer([Answer(True, (Cited("Red \x1b[31malert[/bold].", (1,), ("N1",)),))], as_json=False, html=None)
    assert capsys.readouterr().out.strip() == "Red [31malert[/bold]. [1]"


def test_an_answer_as_json_is_the_page_alone(built, capsys):
    answer, page = Pipeline.open(built.path).ask_stream("space rocket planet study", 3)
    show_answer([answer, page], as_json=True, html=None)
    assert json.loads(capsys.readouterr().out) == page.to_dict()


def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(page, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="folder: cannot be written"):
        show(page, as_json=False, html=tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"] and not capsys.readouterr().out


def test_an_edition_is_present_until_articles_or_clicks_come_in(newsroom):
    from broadsheet.nightly.build import build

    assert present_edition(newsroom) is None
    edition = build(newsroom, ["fan"])
    assert present_edition(newsroom) == edition
    with Import(newsroom) as add:
        add.clicks([{"user_id": "fan", "news_id": "N1", "time": START + timedelta(hours=30)}])
    assert present_edition(newsroom) is None


def make_asset(name, fill):
    """Put a ready asset of another content into the cache, as if its pinned wheel had held it."""
    folder = assets.cache_folder() / f"{name}-{assets.ASSETS[name].version}"
    folder.mkdir(parents=True)
    fill(folder)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    record = {"sha256": assets.ASSETS[name].sha256, "files": sizes}
    (folder / assets.RECORD).write_text(json.dumps(record))


def write_archive(folder):
    """The demo's archive, but with sixty made-up articles under the ids of the readers' histories."""
    known = sorted({news_id for user in read_users() for news_id in user["history"]})
    table = io.StringIO()
    columns = ["article_id", "publish_date", "article_source_link", "title", "subtitle", "text"]
    writer = csv.writer(table)
    writer.writerow(columns)
    for news_id, article in zip(known, make_news(60), strict=False):
        text = [article["title"], article["abstract"], article["body"]]
        writer.writerow([int(news_id[1:]), "2017/01/02", "http://www.bbc.co.uk/sport/1", *text])
    with zipfile.ZipFile(folder / "NewsArticles.zip", "w") as archive:
        archive.writestr("NewsArticles.csv", table.getvalue())


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A folder for the demo, with tiny assets in the cache and a newsroom that does without a writer."""
    monkeypatch.setenv("BROADSHEET_CACHE", str(tmp_path / "cache"))
    make_asset("minilm", make_encoder)
    make_asset("smollm2", lambda folder: None)
    make_asset("demo_news", write_archive)
    newsroom = Newsroom(tmp_path / "demo" / "newsroom")
    newsroom.path.mkdir(parents=True)
    newsroom.config_file.write_text('clock = "latest"\n[generate]\nwriter = ""\n')
    return newsroom


def test_the_demo_makes_everything_and_a_second_run_only_the_pages(demo, capsys):
    pages, said = demo.path.parent, []
    show_demo(demo.path, pages, said.append)
    printed = " ".join(capsys.readouterr().out.split())
    assert all(f"For {name}" in printed for name in PRINTED) and REQUEST in printed
    names = {user["user_id"] for user in read_users()} | {"answer", "index"}
    assert {path.stem for path in pages.glob("*.html")} == names
    index = (pages / "index.html").read_text("utf-8")
    assert all(f'href="{name}.html"' in index for name in names - {"index"}) and "--paper" in index
    assert any(line.startswith("published") for line in said) and "broadsheet ask" in "\n".join(said)
    first, said = demo.current(), []
    show_demo(demo.path, pages, said.append)
    assert demo.current() == first and f"edition {first.name} is up to date" in said


def test_the_demo_builds_again_when_its_settings_change(demo):
    show_demo(demo.path, demo.path.parent, silent)
    first = demo.current()
    demo.config_file.write_text('clock = "latest"\n[rerank]\ndiversity = 0.9\n[generate]\nwriter = ""\n')
    show_demo(demo.path, demo.path.parent, silent)
    assert demo.current() != first


def test_the_demo_leaves_another_newsroom_alone(built, tmp_path):
    editions = built.editions()
    with pytest.raises(NewsroomError, match="without the demo's readers"):
        show_demo(built.path, tmp_path, silent)
    assert built.editions() == editions and not list(tmp_path.iterdir())


def test_the_demo_goes_on_where_an_import_had_ended(demo, capsys):
    import_demo(demo, assets.find("demo_news"))
    show_demo(demo.path, demo.path.parent, silent)
    assert demo.current().manifest.is_file() and "BROADSHEET" in capsys.readouterr().out
