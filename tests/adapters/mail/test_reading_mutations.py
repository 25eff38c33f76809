"""Ten thousand broken mails, made of real ones: none raises, none loses a word that was read."""

from __future__ import annotations

import random
import re
from pathlib import Path

from adapters.mail.reading import Mail, bodies
from adapters.mail.reading.structure import take_apart
from tests.adapters.mail.mutations import mutated, originals
from tests.adapters.mail.reading import of_bytes

MAILS = 10_000
_UNWANTED = re.compile("[\0\ud800-\udfff]")


def test_ten_thousand_broken_mails_are_read_and_none_loses_a_word(data_dir: Path) -> None:
    chance = random.Random(20260303)
    real = originals(data_dir)
    for number in range(MAILS):
        raw = mutated(chance.choice(real), chance)
        mail = of_bytes(raw)
        assert not any("taken apart" in remark for remark in mail.remarks), (number, mail.remarks)
        _accounts_for_everything(mail, raw)


def _accounts_for_everything(mail: Mail, raw: bytes) -> None:
    body = bodies.body_of(take_apart(raw)[0])
    whole = "\n\n".join(text.strip("\n") for text in body.texts if text.strip())
    told = "\n\n".join(body.events)
    assert mail.whole_text.replace(told, "").rstrip() == whole.rstrip().lstrip("\n")
    assert not _UNWANTED.search(f"{mail.whole_text}{mail.subject}{mail.html}{mail.sender}{mail.to}")
