"""The service as a process: SIGTERM lets a request finish, and is no failure."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from broadsheet.errors import InputError


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def wait_until_ready(process, port):
    while process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/v1/health/ready", timeout=5):
                return
        except URLError:
            time.sleep(0.05)


def test_a_request_that_runs_at_sigterm_is_answered_and_the_command_ends_well(clicked, tmp_path):
    room, port = shutil.copytree(clicked.path, tmp_path / "newsroom", symlinks=True), free_port()
    command = [sys.executable, "-m", "broadsheet", "serve", str(room), "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        wait_until_ready(process, port)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as asking:
            asking.sendall(b"GET /everybody HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            time.sleep(0.05)  # until the request is read: before that, there would be no request to finish
            process.send_signal(signal.SIGTERM)
            answer = b"".join(iter(lambda: asking.recv(65_536), b""))
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert answer.startswith(b"HTTP/1.1 200") and answer.rstrip().endswith(b"</html>")
    assert process.returncode == 0 and "goes on" not in said and "Traceback" not in said


def test_a_port_in_use_is_told_before_the_models_are_opened(clicked):
    from broadsheet.service.server import serve

    said = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with pytest.raises(InputError, match="a port that no program uses, such as --port 8080"):
            serve(clicked.path, "127.0.0.1", listening.getsockname()[1], 1, said.append)
    assert not said
