"""Where a merchant's configuration, record and keys lie, and who may reach them."""

import os
from pathlib import Path

import pytest

from upheld.errors import Conflict, Invalid, NotFound, Refused
from upheld.home import SETTINGS_FILE, Home


@pytest.fixture
def home(tmp_path):
    return Home.create(tmp_path / "northgate", "Northgate Systems Ltd.")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.delenv("UPHELD_HOME", raising=False)
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)


def test_a_new_home_keeps_its_keys_to_its_owner(home):
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (home.path, home.keys, *home.keys.iterdir())}
    assert modes == {"northgate": "0o700", "keys": "0o700", "master.key": "0o600", "ledger.key": "0o600"}
    assert len((home.keys / "master.key").read_bytes()) == 32


def test_a_home_is_found_by_name_by_environment_and_from_within(home, monkeypatch):
    with pytest.raises(NotFound, match="no home here or above"):
        Home.find()
    assert Home.find(home.path) == home
    monkeypatch.setenv("UPHELD_HOME", str(home.path))
    assert Home.find() == home
    monkeypatch.delenv("UPHELD_HOME")
    (home.path / "lists" / "spring").mkdir(parents=True)
    monkeypatch.chdir(home.path / "lists" / "spring")
    assert Home.find() == home


def test_a_named_folder_that_is_no_home_is_not_found(tmp_path, home, monkeypatch):
    monkeypatch.chdir(home.path)  # the one named counts, not the one we stand in
    with pytest.raises(NotFound, match=r"no home at .*upheld init"):
        Home.find(tmp_path / "nothing")


def test_the_record_lies_in_the_home_unless_said_otherwise(home, tmp_path):
    assert home.record_url == f"sqlite:///{home.path}/record.db"
    server = 'postgresql+psycopg://upheld@db.example/upheld?options="x"'
    assert Home.create(tmp_path / "team", record_url=server).record_url == server
    absolute = "sqlite:////var/lib/upheld/record.db"
    assert Home.create(tmp_path / "other", record_url=absolute).record_url == absolute


def test_the_ledger_signs_under_a_name_made_of_the_company(home, tmp_path):
    assert home.ledger_name.startswith("northgate-systems-ltd/")
    assert Home.create(tmp_path / "plain", "東京").ledger_name.startswith("merchant/")


@pytest.mark.parametrize(
    ("path", "mode", "said"), [("keys", 0o750, "700"), ("keys/master.key", 0o604, "600"), ("keys/ledger.key", 0o660, "600")]
)
def test_keys_that_others_may_reach_are_refused_with_the_command_that_mends_it(home, path, mode, said):
    loose = home.path / path
    loose.chmod(mode)
    with pytest.raises(Refused, match=rf"mode {mode:o}.*run `chmod {said} {loose}`"):
        Home.find(home.path)
    with pytest.raises(Refused):
        home.key("index/email/v1")
    loose.chmod(int(said, 8))
    assert Home.find(home.path) == home


@pytest.fixture
def give_away(monkeypatch):
    """Makes a file another user's: truly, if the tests run as root, who alone may; else whoever runs them becomes another."""

    def given(path):
        if os.geteuid() == 0:
            os.chown(path, 65534, -1)
        else:
            monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    return given


@pytest.mark.parametrize("path", ["keys", "keys/master.key", "keys/ledger.key"])
def test_keys_of_another_user_are_refused_with_what_mends_it(home, give_away, path):
    assert Home.find(home.path).key("index/email/v1")
    give_away(home.path / path)
    with pytest.raises(Refused, match=rf"belongs to another user \(\d+\): run this as that user, or `chown {os.geteuid()} {home.keys}"):
        Home.find(home.path)
    with pytest.raises(Refused):
        home.key("index/email/v1")


def test_a_secret_of_another_user_is_refused(home, give_away):
    secret = home.keys / "mail.password"
    secret.write_text("open sesame\n")
    secret.chmod(0o600)
    give_away(secret)
    with pytest.raises(Refused, match=r"`keys/mail.password` belongs to another user"):
        home.secret("keys/mail.password")


def test_subkeys_are_stable_and_differ_by_purpose_and_home(home, tmp_path):
    other = Home.create(tmp_path / "other")
    keys = [home.key("index/email/v1"), home.key("index/phone/v1"), other.key("index/email/v1")]
    assert len(set(keys)) == 3
    assert {len(key) for key in keys} == {32}
    assert Home.find(home.path).key("index/email/v1") == keys[0]


def test_a_home_is_never_made_over_another(home):
    master = (home.keys / "master.key").read_bytes()
    with pytest.raises(Conflict, match="is a home already"):
        Home.create(home.path)
    assert (home.keys / "master.key").read_bytes() == master


def test_a_creation_that_was_cut_off_is_completed_with_the_same_keys(home):
    master = (home.keys / "master.key").read_bytes()
    (home.path / SETTINGS_FILE).unlink()  # it is written last
    (home.keys / "ledger.key").unlink()
    again = Home.create(home.path)
    assert (home.keys / "master.key").read_bytes() == master
    assert again.ledger_key()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[recrod]\nurl = 'x'", "unknown section `recrod`"),
        ("[record]\nurll = 'x'", "unknown setting `urll` in `\\[record\\]`"),
        ("[record]\nurl = 5", "`url` in `\\[record\\]` must be a text"),
        ("record = 5", "`record` must be a section"),
        ("[ledger]\nname = 'has space'", "the ledger's `name` must be"),
        ("[ledger]\nname = 'has+plus'", "the ledger's `name` must be"),
        ("not toml", "the settings cannot be read"),
        ("\xff", "the settings cannot be read"),
    ],
)
def test_settings_that_nobody_understands_are_said_with_their_place(home, settings, said):
    (home.path / SETTINGS_FILE).write_bytes(settings.encode("latin-1"))
    with pytest.raises(Invalid, match=said) as no:
        Home.find(home.path)
    assert no.value.place == str(home.path / SETTINGS_FILE)


def test_lost_or_damaged_keys_are_said_and_never_made_anew(home):
    (home.keys / "master.key").write_bytes(b"short")
    with pytest.raises(Invalid, match="not 32 bytes"):
        home.key("index/email/v1")
    (home.keys / "ledger.key").write_bytes(b"damaged")
    with pytest.raises(Invalid, match="the ledger key cannot be read"):
        home.ledger_key()
    (home.keys / "master.key").unlink()
    with pytest.raises(Invalid, match=r"`master.key` is not there"):
        Home.find(home.path)
    assert not (home.keys / "master.key").exists()


def test_a_ledger_key_of_another_sort_is_said(home):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (home.keys / "ledger.key").write_bytes(other)
    with pytest.raises(Invalid, match="not an Ed25519 key"):
        home.ledger_key()


def test_a_home_that_cannot_be_written_is_said_in_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Invalid, match="cannot make a home at"):
        Home.create(tmp_path / "file" / "home")
    assert not list(Path(tmp_path).glob("**/keys"))


def test_a_setting_that_is_not_written_has_its_default(home):
    assert home.setting("systems", "map") == "systems.toml"
    with (home.path / SETTINGS_FILE).open("a") as file:
        file.write('\n[mail]\nserver = "smtps://mail.example"\n')
    assert Home.find(home.path).setting("mail", "server") == "smtps://mail.example"


def test_a_secret_is_read_from_a_file_that_only_its_owner_may_read(home):
    secret = home.keys / "mail.password"
    with pytest.raises(Invalid, match=r"the secret in `keys/mail.password` cannot be read"):
        home.secret("keys/mail.password")
    secret.write_text("open sesame\n")
    secret.chmod(0o644)
    with pytest.raises(Refused, match=r"others may reach `keys/mail.password` \(mode 644\): run `chmod 600"):
        home.secret("keys/mail.password")
    secret.chmod(0o600)
    assert home.secret("keys/mail.password") == b"open sesame"
    secret.write_text("\n")
    with pytest.raises(Invalid, match="is empty"):
        home.secret("keys/mail.password")
