"""A newsroom that is shared read-only: what `broadsheet serve` needs, and where the service's own files lie."""

import os
import shutil
import subprocess
import sys

import pytest

from broadsheet.config.service import ServiceConfig
from broadsheet.errors import ConfigError
from broadsheet.newsroom import Newsroom
from broadsheet.service.security.secret import read_secret
from broadsheet.service.serving.state import State

AS_OTHERS = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
"""Takes from root what lets it write where it may not."""
SERVES = """
import sys
from fastapi.testclient import TestClient
from broadsheet.newsroom import Newsroom
from broadsheet.service.app import create_app
from broadsheet.service.security.accounts.keys import add_key

app = create_app(Newsroom(sys.argv[1]))
with TestClient(app, raise_server_exceptions=False) as client:
    key = add_key(app.state.security.state, "site", ["pages", "articles", "readers"], "tests")
    client.headers["Authorization"] = f"Bearer {key}"
    app.state.security.keys.look()
    print(client.get("/v1/readers/fan/page?log=false").status_code)
    for answer in (
        client.put("/v1/articles/A1", json={"title": "Rocket", "body": "A rocket."}),
        client.put("/v1/readers/fan/mutes", json={"categories": ["science"]}),
        client.post("/v1/readers/fan/forget"),
    ):
        print(answer.status_code, answer.json()["detail"])
"""


@pytest.fixture(scope="module")
def shared(built, tmp_path_factory):
    """A newsroom in which nothing can be written."""
    room = shutil.copytree(built.path, tmp_path_factory.mktemp("shared") / "newsroom", symlinks=True)
    _let_write(room, 0)
    yield room
    _let_write(room, 0o200)


def _let_write(room, bit):
    for path in [room, *room.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222 | bit)


def run(*command):
    """Run Python as a user who may write only what permissions let this user write."""
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and setpriv is not there")
    prefix = AS_OTHERS if os.geteuid() == 0 else []
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run([*prefix, sys.executable, *command], capture_output=True, text=True, env=environment)


def settings(room, text):
    room.chmod(0o755)
    (room / "broadsheet.toml").write_text(f'clock = "latest"\n{text}')
    room.chmod(0o555)


def test_the_command_says_in_a_sentence_what_a_read_only_newsroom_needs(shared):
    done = run("-m", "broadsheet", "serve", str(shared))
    said = " ".join(done.stderr.split())
    assert done.returncode == 2 and "Traceback" not in said
    assert "may not write here" in said and "[service] state" in said and "postgresql://" in said


def test_with_a_folder_of_its_own_the_service_makes_pages_and_refuses_changes_in_a_sentence(shared, tmp_path):
    before = (shared / "broadsheet.toml").read_text("utf-8")
    settings(shared, f"{before.partition(chr(10))[2]}\n[service]\nstate = '{tmp_path / 'state'}'\n")
    done = run("-c", SERVES, str(shared))
    page, *changes = done.stdout.splitlines()
    assert page == "200", done.stderr
    assert changes == ["503 This service may not write to the newsroom. Send changes to the machine that may."] * 3
    assert {"state.sqlite", "secret"} <= {path.name for path in (tmp_path / "state").iterdir()}
    assert not (shared / "service").exists()


def test_a_folder_elsewhere_that_is_there_stays_as_open_as_it_is_and_its_files_are_private(built, tmp_path):
    room, folder = Newsroom(tmp_path / "room"), tmp_path / "lib"
    room.path.mkdir()
    folder.mkdir(mode=0o755)
    room.config_file.write_text(f"[service]\nstate = '{folder}'\n")
    state = State(room)
    read_secret(room)
    state.close()
    assert folder.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert not (room.path / "service").exists()


@pytest.mark.parametrize("state", ["", ".", "..", "/", "./"])
def test_the_newsroom_itself_and_what_lies_above_it_is_no_folder_for_the_state(state):
    with pytest.raises(ConfigError, match="expected a folder of its own"):
        ServiceConfig(state=state)
