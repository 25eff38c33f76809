"""What a contact is handed out: everything that is held of them, and nothing that others confided."""

from __future__ import annotations

import io
import json
from functools import partial
from zipfile import ZipFile

import pytest

from store.engine import Database
from store.people import erasing, exporting
from store.people.reach import UnknownContact
from tests.store.people.scene import ADMINISTRATOR, Scene, set_up, w

SAID = """
    message edited rawsubject quote title value serial suggestion correction note resolution found mail aside
    asidevalue asidequote waiting also filename copyname
"""


@pytest.fixture
def scene(database: Database) -> Scene:
    return set_up(database)


def opened(database: Database, contact_id: int) -> ZipFile:
    exported = database.read_now(partial(exporting.export, contact_id=contact_id))
    written = io.BytesIO()
    exporting.write_zip(exported, written)
    return ZipFile(written)


def test_an_export_holds_everything_that_was_said_and_made_of_it(database: Database, scene: Scene) -> None:
    document = opened(database, scene.ann).read("contact.json").decode()
    missing = [each for each in SAID.split() if w(each) not in document]
    assert missing == []
    assert json.loads(document)["contact"]["id"] == scene.ann


def test_files_and_mails_come_along_as_they_are_under_names_of_ours(database: Database, scene: Scene) -> None:
    archive = opened(database, scene.ann)
    assert archive.namelist() == ["contact.json", "files/1", "files/2", "mails/1.eml", "mails/2.eml"]
    assert archive.read("files/1").decode() == w("copybytes")
    assert archive.read("files/2").decode() == w("bytes")
    assert w("html").encode() in archive.read("mails/1.eml")


def test_answers_come_along_and_other_customers_words_do_not(database: Database, scene: Scene) -> None:
    document = opened(database, scene.ann).read("contact.json").decode()
    assert "Robword answers." in document
    assert "bobword" not in document.casefold()


def test_nobody_can_be_exported_who_was_erased(database: Database, scene: Scene) -> None:
    database.write_now(partial(erasing.erase, contact_id=scene.ann, by=ADMINISTRATOR))
    with pytest.raises(UnknownContact):
        opened(database, scene.ann)
