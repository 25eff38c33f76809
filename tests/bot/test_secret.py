import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import Config, ConfigError, load
from bot.secret import webchat_secret

LONG = "a-secret-that-somebody-chose-and-that-is-long"


def config(**variables: str) -> Config:
    return load({f"CASEWRIGHT_{name}": value for name, value in variables.items()}, Path("/"))


PRINT_IT = """
import sys
from pathlib import Path
from bot.config import load
from bot.secret import webchat_secret
print("imported", flush=True)
sys.stdin.read()
print(webchat_secret(load({}, Path('/')), Path(sys.argv[1])))
"""


def test_the_configured_secret_is_the_one(tmp_path: Path) -> None:
    assert webchat_secret(config(WEBCHAT_SECRET=LONG), tmp_path) == LONG
    assert list(tmp_path.iterdir()) == []


def test_on_loopback_one_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    var = tmp_path / "not" / "there"
    made = webchat_secret(config(), var)
    assert made is not None
    assert len(made) == 64
    assert webchat_secret(config(), var) == made
    assert webchat_secret(config(DEMO="true"), var) == made
    assert [path.name for path in var.iterdir()] == ["webchat.secret"]
    assert stat.S_IMODE((var / "webchat.secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(var.stat().st_mode) == 0o700


def test_two_installations_have_different_ones(tmp_path: Path) -> None:
    assert webchat_secret(config(), tmp_path / "a") != webchat_secret(config(), tmp_path / "b")


def test_where_others_reach_us_there_is_none(tmp_path: Path) -> None:
    assert webchat_secret(config(HOST="0.0.0.0"), tmp_path) is None  # noqa: S104 -- nothing listens
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "\n", "short", "ümlaut"])
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "webchat.secret").write_text(content, "utf-8")
    with pytest.raises(ConfigError, match="holds no secret: remove it"):
        webchat_secret(config(), tmp_path)


def test_a_place_that_is_no_directory_is_named(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(ConfigError, match="CASEWRIGHT_WEBCHAT_SECRET"):
        webchat_secret(config(), place)


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PRINT_IT, str(tmp_path / "var")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "imported\n"
    for process in started:  # all are past the slow part: now they race
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    printed = {process.communicate()[0] for process in started}
    assert len(printed) == 1
    assert len(printed.pop().strip()) == 64
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["webchat.secret"]
