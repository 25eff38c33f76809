"""The measurements themselves work; what they measure is no test's business."""

import json
import subprocess
import sys

from tests.conftest import ROOT


def test_a_quick_measurement_prints_its_figures_beside_their_aims() -> None:
    options = ["--quick", "--only", "start", "--database", "sqlite", "--json"]
    command = [sys.executable, "-m", "tests.bench", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["machine"]["cores"] >= 1
    figures = measured["parts"]["start"]["sqlite"]
    assert figures["on_a_fresh_database"]["value"] > 0
    again = figures["second_start"]
    assert again["unit"] == "s"
    assert again["aim"] == {"at_least": None, "at_most": 2}
    assert again["met"] is (again["value"] <= 2)
