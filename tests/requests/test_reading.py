"""What a message says, within bounds: whatever somebody sends, it is read, or a mark says what was not."""

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upheld.people.held import Held
from upheld.requests.reading import MOST_BYTES, MOST_TEXT, read
from upheld.requests.wishes import ELSEWHERE, OTHER_NAME, wishes

OURS = "privacy@northgate.example"
ENVELOPE = "Jane Doe\n5 Oak Street\nSpringfield, IL 60601"


def message(text="Please remove me from your lists.", sender="Jane Doe <jane.doe@mail.example>", **headers):
    made = EmailMessage()
    usual = {"From": sender, "To": OURS, "Subject": "off", "Message-ID": "<1@mail.example>", "Date": "Mon, 4 May 2026 10:00:00 -0500"}
    for name, value in (usual | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        made[name] = value
    made.set_content(text)
    return made


def proposed(text, sender="Jane Doe <jane.doe@mail.example>", **headers):
    return wishes(read(message(text, sender, **headers).as_bytes()), [OURS])


def parts(wish):
    return {name: value for name in ("email", "phone", "first", "last", "address", "zip") if (value := getattr(wish.given, name))}


JANE = {"first": "Jane", "last": "Doe", "address": "5 Oak Street", "zip": "60601"}
MAIL = {"email": "jane.doe@mail.example"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Please remove me", MAIL),
        (f"Take me off.\n\n{ENVELOPE}\n(312) 555-0142", {**MAIL, **JANE, "phone": "(312) 555-0142"}),
        ("Please remove Jane Doe, 5 Oak Street, Springfield, IL 60601 from it", MAIL | JANE),
        ("stop\nJane Doe\n5 Oak Street\nApt 4\nSpringfield, IL 60601", MAIL | JANE | {"address": "5 Oak Street Apt 4"}),
        ("Stop mailing me.\nFirst name: Jane\nLast name: Doe\nStreet: 5 Oak Street\nZIP: 60601", MAIL | JANE),
        ("stop\nName: Doe, Jane\nAddress: 5 Oak Street, Springfield, IL 60601", MAIL | JANE),
        ("remove me, I am at PO Box 12", MAIL),
    ],
)  # fmt: skip
def test_what_the_person_gave_is_found(text, found):
    (wish,) = proposed(text)
    assert parts(wish) == found


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("ליאור כהן", "ליאור", "כהן"), ("Zoë 🌷 Ørsted", "Zoë 🌷", "Ørsted"), ("Mª José de la Cruz", "Mª José", "de la Cruz")],
)
def test_names_of_every_script_are_taken_as_they_stand(name, first, last):
    (wish,) = proposed(f"stop, please\n{name}\n5 Oak Street\nSpringfield, IL 60601", sender=MAIL["email"].replace("jane.doe", "x7"))
    assert (wish.given.first, wish.given.last) == (first, last)


def test_two_people_in_one_message_are_two_proposals_and_the_senders_address_goes_to_the_sender_alone():
    first, second = proposed(f"Stop, please:\n{ENVELOPE}\n\nAnn Frost\n1 Larkspur Row\nElm, NY 00123")
    assert (parts(first), parts(second)["first"]) == (MAIL | JANE, "Ann")
    assert second.given.email is None
    assert first.marks[0] == second.marks[0] == "one of 2 people in one message"
    couple = proposed("Stop mailing\nJane and John Doe\n5 Oak Street\nSpringfield, IL 60601")
    assert [(one.given.first, one.given.last, one.given.email) for one in couple] == [("Jane", "Doe", MAIL["email"]), ("John", "Doe", None)]


def test_two_people_and_addresses_that_cannot_be_told_apart_propose_nobody():
    (wish,) = proposed(f"Stop, please:\n{ENVELOPE}\nann@mail.example and bob@mail.example")
    assert parts(wish) == {}
    assert "take each in by hand" in wish.marks[0]
    many = "\n".join(f"p{number}@mail.example" for number in range(50))
    assert parts(proposed(f"unsubscribe\n{many}")[0]) == {}


def test_somebody_elses_address_is_marked():
    (wish,) = proposed("Please unsubscribe bob@mail.example")
    assert (wish.given.email, wish.marks[0]) == ("bob@mail.example", ELSEWHERE)


def test_somebody_elses_address_is_not_put_to_the_senders_name_and_a_name_begins_after_a_sentence():
    text = "Please stop. Kim Stone, 2 Elm Street, Elm, NY 00123. Also for my wife, lee@mail.example."
    kim, lee = proposed(text, "Kim Stone <kim@mail.example>")
    assert (kim.given.email, kim.given.first, kim.given.last) == ("kim@mail.example", "Kim", "Stone")
    assert (kim.given.address, kim.given.zip) == ("2 Elm Street", "00123")
    assert (lee.given, lee.marks[0]) == (Held(email="lee@mail.example"), ELSEWHERE)


def test_a_name_that_is_not_the_senders_leaves_the_senders_own_address_out():
    (wish,) = proposed(f"stop\n{ENVELOPE}", sender="Bob Roe <bob@mail.example>")
    assert (parts(wish), wish.marks[0]) == (JANE, OTHER_NAME)
    (same,) = proposed("stop\nWilliam Roe\n5 Oak Street\nSpringfield, IL 60601", sender="Bill Roe <b@mail.example>")
    assert same.given.email == "b@mail.example"


def test_our_own_addresses_and_quoted_mail_are_nobodys_wish():
    quoted = f"Remove me.\n\nOn Mon, 4 May 2026 at 9:00 Northgate <{OURS}> wrote:\n> buy\n> ann@mail.example\n"
    assert parts(proposed(quoted)[0]) == MAIL
    assert parts(proposed(f"Hello {OURS}, remove me\n> ann@mail.example")[0]) == MAIL


def test_what_else_is_asked_for_is_marked_and_a_message_that_asks_for_nothing_too():
    assert any("deletion" in mark for mark in proposed("Please delete my data")[0].marks)
    assert any("copy" in mark for mark in proposed("Stop, and what data do you hold?")[0].marks)
    assert any("does not plainly ask" in mark for mark in proposed("Lovely weather", Subject="Hi")[0].marks)


def test_html_becomes_text_and_attachments_are_left_out():
    made = message()
    made.set_content(
        "<html><head><style>p {}</style></head><p>Please <b>remove</b> me</p><script>alert(1)</script><div>Jane</div>", subtype="html"
    )
    made.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="ann.pdf")
    letter = read(made.as_bytes())
    assert letter.text == "Please remove me\n\nJane"
    assert letter.marks == ("1 attachment left out",)


def test_a_card_number_is_blanked_before_anything_is_kept_and_other_numbers_are_not():
    letter = read(message("remove me, card 4111 1111 1111 1111, order 1234567890123456").as_bytes())
    assert "4111" not in letter.text
    assert "[card number]" in letter.text
    assert "1234567890123456" in letter.text
    assert "blanked" in letter.marks[0]


def test_answers_wanted_elsewhere_several_senders_and_machines_are_told():
    assert "answers at another address" in read(message(Reply_To="x@other.example").as_bytes()).marks[0]
    both = read(message(sender="a@mail.example, b@mail.example").as_bytes())
    assert (both.sender, both.marks) == ("", ("names several senders",))
    for header in ({"Auto_Submitted": "auto-replied"}, {"Return_Path": "<>"}):
        assert read(message(**header).as_bytes()).automatic
    assert not read(message(Auto_Submitted="no").as_bytes()).automatic


def test_what_turns_the_direction_of_text_is_left_out():
    assert read(message("remove \u202eem\u202c me\u0007").as_bytes()).text == "remove em me"


def test_a_message_too_long_too_deep_or_of_too_many_parts_is_read_in_part_and_says_so():
    long = read(message().as_bytes() + b"x" * MOST_BYTES)
    assert any("longer than 1 MiB" in mark for mark in long.marks)
    assert len(long.text) <= MOST_TEXT
    head = b"From: jane.doe@mail.example\nSubject: remove me\n"
    deep = head + b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(3000))
    letter = read(deep)
    assert (letter.sender, letter.subject) == ("jane.doe@mail.example", "remove me")
    assert any("cannot be read" in mark for mark in letter.marks)
    wide = head + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: text/plain\n\nx\n" * 90 + b"--b--\n"
    assert any("more than 50 parts" in mark for mark in read(wide).marks)


@settings(max_examples=300)
@given(st.binary(max_size=3000))
def test_no_bytes_are_an_error(raw):
    assert wishes(read(raw))


@settings(max_examples=200)
@given(st.text(max_size=400), st.text(max_size=60), st.sampled_from(["utf-8", "latin-1", "x-unknown", "utf-7"]))
def test_no_words_and_no_header_are_an_error(text, header, charset):
    raw = f"From: {header}\nReply-To: {header}\nSubject: =?{charset}?q?{header}?=\nContent-Type: text/html; charset={charset}\n\n{text}"
    assert wishes(read(raw.encode("utf-8", "surrogatepass")))
