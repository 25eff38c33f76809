"""The measurements themselves work; what they measure is no test's business."""

import json
import subprocess
import sys

from tests.conftest import ROOT


def test_a_quick_measurement_prints_its_figures_beside_their_aims() -> None:
    command = [sys.executable, "-m", "tests.bench", "--quick", "--only", "start", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["machine"]["cores"] >= 1
    for figures in measured["parts"]["start"].values():
        assert figures["second_start"]["unit"] == "s"
        assert figures["second_start"]["aim"] == {"at_least": None, "at_most": 2}
        assert figures["second_start"]["met"] is (figures["second_start"]["value"] <= 2)
        assert figures["on_a_fresh_database"]["value"] > 0
