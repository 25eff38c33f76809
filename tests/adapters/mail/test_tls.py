from __future__ import annotations

import shutil
import ssl
from pathlib import Path

from adapters.mail.configuration import Server
from adapters.mail.imap.wire import tls_context
from tests.authority import Authority


def trusted(server: Server) -> list[bytes]:
    return tls_context(server).get_ca_certs(binary_form=True)


def der(authority: Authority) -> bytes:
    return ssl.PEM_cert_to_DER_cert(authority.certificate_file.read_text())


def test_an_authority_that_was_replaced_is_trusted_from_the_next_connection_on(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old, new = Authority(tmp_path / "old"), Authority(tmp_path / "new")
    file = tmp_path / "authority.pem"
    shutil.copy2(old.certificate_file, file)
    server = Server(host="mail.example.org", port=993, ca_file=file)
    assert der(old) in trusted(server)
    assert tls_context(server) is tls_context(server)
    shutil.copy2(new.certificate_file, file)
    assert der(new) in trusted(server)
    assert der(old) not in trusted(server)
