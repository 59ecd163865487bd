"""What mkdocs does beside rendering docs/: it shows the benchmarks too, and no page loads from another host."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

BESIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/*.*", "benchmarks/results/*.*", "examples/*/*.*")
"""Files of the checkout outside docs/ that are pages of the site too, or pictures on them."""
_LINK = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)")
_ELSEWHERE = re.compile(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="(?:https?:)?//[^"]*"')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files outside docs/."""
    root = Path(config.config_file_path).parent
    for pattern in BESIDE:
        for path in sorted(root.glob(pattern)):
            files.append(File.generated(config, path.relative_to(root).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links that are right in the checkout into links that are right on the site, where docs/ is the root."""
    uri = page.file.src_uri
    inside = Path(page.file.abs_src_path or "").is_relative_to(config.docs_dir)
    here = posixpath.dirname(f"docs/{uri}" if inside else uri)

    def moved(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, link[1])).removeprefix("docs/")
        return "](" + posixpath.relpath(target, posixpath.dirname(uri) or ".")

    return _LINK.sub(moved, markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Fail if a page would load a script, a style, a font or a picture from another host."""
    if found := _ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri}: loads {found[0]}; keep it in docs/assets.")
    return output
