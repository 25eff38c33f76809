"""What one process is made of."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

COMPOSED = """
import json, sys
from pathlib import Path
import bot.cli.running
from bot.app import Application, opened
from bot.config import load

config = load({}, Path.cwd())
app = Application(config, opened(config))
app.database.close()
print(json.dumps([name.partition(".")[0] for name in sys.modules]))
"""
SERVED = """
import asyncio, gc, os, signal
from pathlib import Path
from bot.app import serve
from bot.config import load

def ready(address):
    print("set apart" if gc.get_freeze_count() > 100_000 else "not set apart")
    os.kill(os.getpid(), signal.SIGTERM)

asyncio.run(serve(load({"CASEWRIGHT_PORT": "0"}, Path.cwd()), web=True, worker=True, ready=ready))
"""
MAILS = {"imapclient", "lxml", "icalendar", "msal", "aiosmtplib", "nh3"}


def test_without_mailboxes_the_libraries_of_mail_take_no_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", COMPOSED], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert not MAILS & set(json.loads(done.stdout.splitlines()[-1]))


def test_what_the_start_makes_is_not_looked_through_for_garbage_again_and_again(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", SERVED], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert "set apart" in done.stdout.splitlines()
