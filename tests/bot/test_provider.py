"""The doctor's word on a model's provider, and what happens where its SDK is not installed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.app import opened
from bot.config import load
from bot.doctor import Check, checks
from tests.agent.llm.fake import KEY, FakeProvider, fake_provider
from tests.conftest import ROOT
from tests.flow.desk import change_settings

WITHOUT_THE_SDK = "import sys; sys.modules['pydantic_ai'] = None; from bot.__main__ import main; sys.exit(main())"


@pytest.fixture
async def fake() -> AsyncGenerator[FakeProvider]:
    async with fake_provider() as provider:
        yield provider


async def found(folder: Path, environ: dict[str, str], name: str) -> Check | None:
    config = load({"CASEWRIGHT_PORT": "0", **environ}, folder)
    return {check.name: check for check in await asyncio.to_thread(checks, config)}.get(name)


async def test_the_doctor_says_which_model_answers(tmp_path: Path, fake: FakeProvider) -> None:
    check = await found(tmp_path, fake.environment, "llm")
    assert check is not None
    assert (check.ok, check.sentence) == (True, "compatible:fake answers, 1050 tokens for one question.")


async def test_the_doctor_says_why_a_model_does_not_answer(tmp_path: Path, fake: FakeProvider) -> None:
    fake.status = 401
    check = await found(tmp_path, fake.environment, "llm")
    assert check is not None
    assert (check.ok, check.sentence) == (False, "compatible:fake: it answered with status 401.")
    assert KEY not in str(check)


async def test_the_doctor_misses_a_provider_where_the_settings_want_one(tmp_path: Path) -> None:
    config = load({}, tmp_path)
    database = opened(config)
    change_settings(database, lambda document: document["prediction"].update(predictor="both"))
    database.close()
    check = await found(tmp_path, {}, "settings")
    assert check is not None
    assert not check.ok
    assert check.mend is not None
    assert "CASEWRIGHT_LLM_PROVIDER" in check.mend


def test_without_the_sdk_the_doctor_says_what_to_install(tmp_path: Path) -> None:
    environ = {"CASEWRIGHT_LLM_PROVIDER": "ollama", "CASEWRIGHT_LLM_MODEL": "qwen3", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_SDK, "doctor"],
        env=environ, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install 'casewright[llm]'" in " ".join(done.stdout.split())


def test_the_sdk_is_not_loaded_where_no_model_is_asked() -> None:
    loaded = (
        "import sys, bot.app; sys.exit(any(name in sys.modules for name in ('pydantic_ai', 'openai', 'anthropic')))"
    )
    assert subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, check=False).returncode == 0
