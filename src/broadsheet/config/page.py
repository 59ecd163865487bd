"""The settings of a page's look: name, logo, language, labels, images, and a template of the site's own."""

from dataclasses import field

from broadsheet.config.section import section


@section
class PageConfig:
    """How a page looks. Paths are relative to the newsroom's folder."""

    name: str = "Broadsheet"
    "The name at the head of the page."
    logo: str = ""
    "An image at the head in place of the name: a file (PNG, JPEG, GIF, WebP or SVG), or an https address."
    language: str = "en"
    "The language of labels and dates: en, da, de or fr. For another language, [page.labels] has all labels."
    labels: dict[str, str] = field(default_factory=dict)
    'Labels of your own, by name, such as `why = "Chosen since"`; see the how-to on the look of a page.'
    image: str = "image_url"
    "The kept column with the address of an article's image; an article without an address has no image."
    templates: str = ""
    "A folder with a jinja2 template page.html of your own, which may extend broadsheet.html."
    details: bool = False
    "Whether readers see the signals of each story, refused drafts and the seconds that the page took."
