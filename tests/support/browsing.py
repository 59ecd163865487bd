"""A newsroom on the air on a port of its own, and a real browser that visits it."""

import os
import shutil
import threading
import time
from contextlib import contextmanager

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="needs chromium")


@contextmanager
def on_the_air(app):
    """Serve an application, and yield its address."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.05)  # until the port is known
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def chromium():
    """Start a browser that reaches this machine alone."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as started:
        offline = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", offline])
        yield browser
        browser.close()


@contextmanager
def phone_page(browser, *, scripts=True):
    """Open a page of 390 pixels' width, whose `problems` are what the browser's console calls errors."""
    context = browser.new_context(java_script_enabled=scripts, viewport={"width": 390, "height": 800})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.problems = []
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    yield page
    context.close()
