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
MAILS = {"imapclient", "lxml", "icalendar", "msal", "aiosmtplib", "nh3"}


def test_without_mailboxes_the_libraries_of_mail_take_no_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", COMPOSED], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert not MAILS & set(json.loads(done.stdout.splitlines()[-1]))
