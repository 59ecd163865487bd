import pytest

from broadsheet.generate.extracts.extract import lead_sentences
from broadsheet.generate.stories.drafts import headlines, summaries
from broadsheet.generate.text.articles import READ, legible
from broadsheet.generate.text.language import form_in_words, is_english
from broadsheet.generate.text.words import count, sentences

GERMAN = (
    "Angela Merkel hat am Montag in Berlin den Präsidenten Emmanuel Macron getroffen. Beide sprachen in dem Schloss "
    "lange über die Zukunft der Europäischen Union und über Hilfen für Griechenland. Ein Sprecher sagte: „Es gibt "
    "noch viel zu tun.“ Österreich will sich der Erklärung anschließen."
)
FRENCH = (
    "Angela Merkel a rencontré lundi à Berlin le président Emmanuel Macron. Les deux ont parlé de la Grèce. "
    "Étaient aussi présents les ministres des deux pays, qui ont signé un accord sur les aides. « C'est un bon jour », "
    "a dit un porte-parole à la presse."
)
CHINESE = "中国总理周一在北京会见了法国总统马克龙。双方讨论了贸易和气候问题！总统说他很满意吗？会谈持续了三个小时。"
ARABIC = (
    "التقى رئيس الوزراء يوم الاثنين الرئيس الفرنسي في القاهرة. ماذا قال الوزير بعد الاجتماع في القاهرة؟ "
    "استمر الاجتماع ثلاث ساعات كاملة."
)
RUSSIAN = (
    "Премьер-министр встретился в понедельник с президентом Франции в Москве. Стороны обсудили торговлю и климат. "
    "Переговоры длились три часа."
)
ARTICLES = {"de": GERMAN, "fr": FRENCH, "zh": CHINESE, "ar": ARABIC, "ru": RUSSIAN}
ENGLISH = [
    "Merkel is in Berlin with Emmanuel Macron",
    "Angela Merkel met Emmanuel Macron in Berlin on Monday",
    "The chancellor talks about Greece and the Union",
]


def about(body, title="x", abstract=""):
    return {"title": title, "abstract": abstract, "body": body}


@pytest.mark.parametrize("language", ARTICLES)
def test_an_english_draft_never_stands_for_an_article_in_another_language(language):
    article = about(ARTICLES[language])
    written = headlines(article, ENGLISH, "gpt")
    told = summaries(article, [f"{draft}." for draft in ENGLISH], "gpt", 45)
    assert {draft.method for draft in (*written.passed, *told.passed)} == {"extract", "original"}
    assert any("language" in check for check in written.refused)


@pytest.mark.parametrize("language", ARTICLES)
def test_an_article_in_another_language_is_extracted_in_it(language):
    article = about(ARTICLES[language])
    drafts = headlines(article, ["y"], "gpt")
    assert drafts.passed[0].method == "extract" and drafts.passed[0].text.rstrip(".。") in ARTICLES[language]
    summary = summaries(article, ["y"], "gpt", 45).passed[0]
    assert summary.method == "extract" and summary.text.split("。 ")[0].split(". ")[0] in ARTICLES[language]


@pytest.mark.parametrize("language", ARTICLES)
def test_a_draft_in_the_articles_language_and_words_passes(language):
    first = sentences(ARTICLES[language])[0]
    assert headlines(about(ARTICLES[language]), [first], "gpt").passed[0].method == "gpt"
    assert summaries(about(ARTICLES[language]), [first], "gpt", 45).passed[0].method == "gpt"


def test_an_english_sentence_in_a_russian_article_is_no_extract_of_it():
    article = about(f"Angela Merkel met Emmanuel Macron in Berlin. {RUSSIAN * 3}")
    assert summaries(article, ["x"], "gpt", 45).passed[0].text.startswith("Премьер")


def test_languages_are_told_by_scripts_and_function_words():
    assert [is_english(text) for text in ARTICLES.values()] == [False] * 5
    assert is_english("The minister said on Monday that the plant would be closed by the company. " * 2)
    assert is_english("Merkel in Berlin")  # too short to tell
    assert form_in_words("Арсенал победил", about("Arsenal won the cup.")) == ["language"]
    assert form_in_words("123", about(RUSSIAN)) == []


def test_sentences_end_in_every_script():
    assert sentences(CHINESE) == [
        "中国总理周一在北京会见了法国总统马克龙。",
        "双方讨论了贸易和气候问题！",
        "总统说他很满意吗？",
        "会谈持续了三个小时。",
    ]
    assert len(sentences(ARABIC)) == len(sentences(RUSSIAN)) == 3
    assert sentences(GERMAN)[-1] == "Österreich will sich der Erklärung anschließen."
    assert sentences("یہ ایک خبر ہے۔ یہ دوسری ہے۔") == ["یہ ایک خبر ہے۔", "یہ دوسری ہے۔"]
    assert sentences("It fell by 3.5 points. and then rose.") == ["It fell by 3.5 points. and then rose."]


def test_words_are_counted_where_there_are_no_blanks():
    assert (count("中国总理访问北京"), count("Arsenal won 3-1"), count("")) == (5, 3, 0)


def test_quotation_marks_of_other_languages_do_not_keep_a_sentence_from_being_whole():
    assert "Ein Sprecher sagte: „Es gibt noch viel zu tun.“" in lead_sentences(GERMAN)


@pytest.mark.parametrize(
    "markup", ["<script>alert(1)</script>", "<b>Veltra</b>", "AT&amp;T", "[Veltra](x)", "https://x.example/", "<!-- x"]
)
def test_a_text_with_markup_is_neither_draft_nor_extract(markup):
    sentence = f"Veltra will close its plant {markup} in May."
    article = about(f"{sentence} Shares in Veltra fell by 6 percent.")
    written = summaries(article, [sentence], "gpt", 45)
    assert [draft.text for draft in written.passed] == ["Shares in Veltra fell by 6 percent."]
    assert "gpt summary: markup" in written.refused


def test_a_sum_is_no_markup():
    assert form_in_words("Veltra says 3 < 4 and 5 > 4", about("Veltra says 3 < 4 and 5 > 4")) == []


def test_the_beginning_of_a_long_body_is_read_up_to_a_blank():
    read = legible(about("word " * 50_000))["body"]
    assert READ - 5 <= len(read) <= READ and read.endswith("word")
    assert len(legible(about("x" * 100_000))["body"]) == READ
