"""Which words are read: plain and HTML, charsets, headers in broken encodings."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from adapters.mail.reading import Address
from tests.adapters.mail.reading import mail, multipart, of_bytes

HTML = "Content-Type: text/html; charset=utf-8"


def test_the_plain_form_is_read_when_it_is_good() -> None:
    one = multipart(
        "Content-Type: text/plain\r\n\r\nHello you", f"{HTML}\r\n\r\n<p>Hello <b>you</b></p>", kind="alternative"
    )
    assert (one.text, one.html) == ("Hello you", "<p>Hello <b>you</b></p>")


def test_the_html_form_is_read_when_the_plain_one_is_a_stand_in() -> None:
    words = " ".join(f"word{number}" for number in range(80))
    plain = "Content-Type: text/plain\r\n\r\nThis mail needs an HTML viewer."
    one = multipart(plain, f"{HTML}\r\n\r\n<p>{words}</p>", kind="alternative")
    assert one.text == words


def test_text_files_are_no_body() -> None:
    note = "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\nline"
    one = multipart("Content-Type: text/plain\r\n\r\nSee the log.", note)
    assert (one.text, [file.name for file in one.attachments]) == ("See the log.", ["log.txt"])


def test_flowed_lines_are_joined() -> None:
    one = mail("Content-Type: text/plain; format=flowed", body="one \r\ntwo\r\n\r\n> a \r\n> b\r\nthree\r\n")
    assert one.text == "one two\n\n> a b\nthree"


@pytest.mark.parametrize(
    ("charset", "data", "text"),
    [
        ("gb2312", "訂單號碼 朱镕基".encode("gbk"), "訂單號碼 朱镕基"),
        ("iso-8859-1", "“Grüße” – 5 €".encode("cp1252"), "“Grüße” – 5 €"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("no-such-charset", "Grüße".encode(), "Grüße"),
        ("utf-8", "Grüße aus Köln".encode("cp1252"), "Grüße aus Köln"),
        ("hex", b"48656c6c6f", "48656c6c6f"),
        ("utf-8", b"a\0b", "ab"),
    ],
)
def test_charsets_that_lie_are_seen_through(charset: str, data: bytes, text: str) -> None:
    assert (
        mail(f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: 8bit", body=data).text == text
    )


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("cp1251", "Здравствуйте, у меня не работает чайник, пожалуйста, помогите"),
        ("koi8_r", "Здравствуйте, у меня не работает чайник, пожалуйста, помогите"),
        ("iso8859_2", "Dzień dobry, mój czajnik przecieka, proszę o pomoc, dziękuję"),
        ("cp1253", "Γεια σας, ο βραστήρας μου διαρρέει, μπορείτε να με βοηθήσετε"),
        ("gb18030", "您好，我的水壶漏水了，请问可以更换吗？谢谢您的帮助"),
        ("big5", "您好，我的水壺漏水了，請問可以更換嗎？謝謝"),
        ("cp932", "こんにちは、やかんが漏れています。交換していただけますか。"),
        ("cp949", "안녕하세요 주전자가 새고 있습니다 교환할 수 있나요"),
        ("cp1256", "مرحبا، غلايتي تسرب الماء، هل يمكنكم المساعدة من فضلكم"),
    ],
)
def test_a_charset_that_is_not_named_is_guessed(charset: str, text: str) -> None:
    assert mail("Content-Transfer-Encoding: 8bit", body=text.encode(charset)).text == text


def test_a_charset_that_lies_is_remarked_upon() -> None:
    assert mail("Content-Type: text/plain; charset=utf-8", body="Köln".encode("cp1252")).remarks


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?B?R3LDvA==?= =?utf-8?B?w59l?=", "Grüße"),
        ("=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=", "Grüße"),  # a character cut in two
        ("=?utf-8?Q?hello you?=", "hello you"),
        ("=?utf-8?Q?What??=", "What?"),
        ("=?utf-8?Q?cut", "cut"),
        ("=?x-none?Q?Gr=C3=BC?=", "Grü"),
        ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
        ("Re:=?utf-8?Q?_a?=", "Re: a"),
        ("Grüße", "Grüße"),
        ("Gr\udcfc\udcdfe", "Grüße"),
        ("one\r\n two", "one two"),
    ],
)
def test_subjects_are_decoded_also_where_their_encoding_is_broken(header: str, subject: str) -> None:
    assert mail(f"Subject: {header}").subject == subject


def test_addresses_are_read_with_their_names() -> None:
    one = mail(
        'To: "Bee, Ann" <ANN@b.example>, c@d.example',
        "Cc: =?utf-8?Q?J=C3=B6rg?= <j@b.example>",
        "Reply-To: x@y.example",
    )
    assert one.to == (Address(name="Bee, Ann", address="ann@b.example"), Address(name="", address="c@d.example"))
    assert one.cc == (Address(name="Jörg", address="j@b.example"),)
    assert one.reply_to[0].address == "x@y.example"


def test_ids_stand_without_brackets() -> None:
    one = mail("Message-ID: <a@b>", "In-Reply-To: <c@d>", "References: <e@f>\r\n\t<c@d> <e@f>")
    assert (one.message_id, one.in_reply_to, one.references) == ("a@b", ("c@d",), ("e@f", "c@d"))


@pytest.mark.parametrize(
    ("header", "sent"),
    [
        ("Tue, 3 Mar 2026 09:15:00 +0200", datetime(2026, 3, 3, 7, 15, tzinfo=UTC)),
        ("Tue, 3 Mar 2026 09:15:00", datetime(2026, 3, 3, 9, 15, tzinfo=UTC)),
        ("yesterday", None),
        ("Tue, 3 Mar 99999 09:15:00 +9999", None),
    ],
)
def test_dates_are_read_in_utc_or_not_at_all(header: str, sent: datetime | None) -> None:
    assert mail(f"Date: {header}").sent_at == sent


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote"><div>On 3 Mar 2026, Ann wrote:</div><blockquote>Shall we?</blockquote></div>',
        '<div class="moz-cite-prefix">Am 3.3.2026 schrieb Ann:</div><blockquote type="cite">Shall we?</blockquote>',
        '<div id="divRplyFwdMsg"><b>Od:</b> Ann</div><div>Shall we?</div>',
        '<div class="protonmail_quote">On 3 Mar 2026, Ann wrote:<blockquote>Shall we?</blockquote></div>',
    ],
)
def test_quotes_in_html_are_folded(quote: str) -> None:
    one = mail(HTML, body=f"<div>Yes, please.</div><br>{quote}")
    assert one.text == "Yes, please."
    assert "Shall we?" in one.whole_text


def test_an_answer_inside_of_a_quote_container_is_kept() -> None:
    quote = '<div class="gmail_quote"><blockquote class="gmail_quote">Colour?</blockquote><div>Red.</div></div>'
    one = mail(HTML, body=f"<div>See below.</div>{quote}")
    assert one.text.splitlines()[0] == "See below."
    assert "Red." in one.text.splitlines()
    assert "Colour?" not in one.text.splitlines()


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>Hello",
        '<img src="https://evil.example/x.gif">Hello',
        '<p style="background:url(https://evil.example)">Hello</p>',
        '<a href="javascript:alert(1)">Hello</a>',
        '<a href="data:text/html,x">Hello</a>',
        '<img src="data:image/svg+xml;base64,AAAA">Hello',
        '<table background="https://evil.example"><tr><td>Hello</td></tr></table>',
        '<link rel=stylesheet href="https://evil.example">Hello<iframe src="https://evil.example"></iframe>',
    ],
)
def test_html_to_be_shown_runs_and_loads_nothing(html: str) -> None:
    shown = mail(HTML, body=html).html or ""
    assert "Hello" in shown
    assert not [word for word in ("evil", "alert", "data:", "<script", "style") if word in shown]


def test_links_and_the_mails_own_pictures_are_shown() -> None:
    shown = mail(HTML, body='<a href="https://b.example">x</a><img src="cid:1@b">').html or ""
    assert 'rel="noopener noreferrer nofollow"' in shown
    assert 'src="cid:1@b"' in shown


@pytest.mark.parametrize("tag", ["div", "b", "table><tr><td", "span", "blockquote"])
def test_text_in_a_hundred_thousand_nested_tags_is_read(tag: str) -> None:
    one = mail(HTML, body=f"<{tag}>" * 100_000 + "Hello")
    assert one.whole_text.strip() == "Hello"
    assert len(one.html or "") < 1000


def test_broken_transfer_encodings_are_read_as_far_as_they_go() -> None:
    cut = base64.b64encode(b"Hello there, you").decode()[:-3]
    assert mail("Content-Transfer-Encoding: base64", body=f"!{cut}\n").text == "Hello there, yo"


@pytest.mark.parametrize("raw", [b"", b"\n", b"\0" * 100, b"\xff" * 100, b"From", b":\n\n", b"Subject: x", b"\r\r\r"])
def test_no_bytes_are_too_strange(raw: bytes) -> None:
    assert not any("taken apart" in remark for remark in of_bytes(raw).remarks)
