"""`python -m review_app --db FILE`: the app's own process. Every Streamlit setting is pinned here.

Streamlit also reads files from the user's home and working folder; what is not pinned leaks in.
"""

import asyncio
import gc
import logging
import os
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import click
import streamlit as st
import uvicorn
from starlette.middleware import Middleware

from core.errors import StoreError, UserError
from core.review.address import free_port
from core.settings import load_settings
from core.store import open_store
from review_app.headers import SecurityHeaders
from review_app.host_config import NoDialogs
from review_app.origin import SameOrigin
from review_app.session import DATABASE_VARIABLE, NAME_VARIABLE, served
from review_app.theme import THEME

_LAST_WORDS = 5  # seconds in which open connections may end when the app is stopped
_ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  compared with, never the default


@click.command()
@click.option("--db", type=click.Path(path_type=Path), required=True)
@click.option("--host", default=None)
@click.option("--port", type=int, default=None)
@click.option("--no-browser", is_flag=True)
@click.option("--as", "reviewer", default="")
def main(db: Path, host: str | None, port: int | None, no_browser: bool, reviewer: str) -> None:
    """Serve the review app on one database until stopped."""
    try:
        settings = load_settings({"host": host, "port": port}).review
        open_store(db).close()
        port = free_port(settings.host, settings.port)
    except UserError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    os.environ[NAME_VARIABLE] = reviewer
    os.environ[DATABASE_VARIABLE] = str(db.resolve())
    served(db.resolve())
    url = f"http://{'localhost' if settings.host in _ANYWHERE else settings.host}:{port}"
    click.echo(f"Review app: {url}   (database {db}; Ctrl-C stops it, verdicts are saved as they are made)", err=True)

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        # Streamlit collects garbage after every script run; frozen, the imported libraries are not walked
        # again each time (80 ms of CPU per key press otherwise).
        gc.collect()
        gc.freeze()
        if not no_browser:
            asyncio.get_running_loop().run_in_executor(None, webbrowser.open, url)
        yield
        # The connection that the screens hold open (`session`) ends with the process and would leave the
        # newest verdicts in the log beside the file, where nobody looks who copies the file.
        with suppress(StoreError), open_store(db) as store:
            store.settle()

    app = st.App(
        Path(__file__).with_name("app.py"),
        lifespan=lifespan,
        middleware=[Middleware(SecurityHeaders), Middleware(SameOrigin), Middleware(NoDialogs)],
    )
    _end_in_time()
    app.run(config=_config(settings.host, port, settings.max_upload_mb))


def _end_in_time() -> None:
    """Streamlit names no limit, so a browser that sleeps in the midst of an answer would keep the app from ending."""
    uvicorn.Config = partial(uvicorn.Config, timeout_graceful_shutdown=_LAST_WORDS)  # type: ignore[misc,assignment]
    # what is cut off then is no fault to be printed with a traceback
    logging.getLogger("uvicorn.error").addFilter(lambda said: asyncio.CancelledError not in (said.exc_info or ()))


def _config(host: str, port: int, max_upload_mb: int) -> dict[str, Any]:
    # Without the list of hosts a page elsewhere could reach this server by DNS rebinding.
    hosts = [] if host in _ANYWHERE else sorted({host, "localhost", "127.0.0.1"})
    return {
        "server.address": host,
        "server.port": port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.enableStaticServing": False,
        "server.allowedHosts": hosts,
        "server.maxUploadSize": max_upload_mb,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": False,
        "client.showSidebarNavigation": False,
        "runner.magicEnabled": False,
        "runner.postScriptGC": False,  # a whole collection after every key; Python collects by itself in time
        "logger.level": "error",
        "logger.hideWelcomeMessage": True,
        **THEME,
    }


if __name__ == "__main__":
    main()
