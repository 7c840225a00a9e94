"""`upheld init`: a home is made once, strictly."""

import json
import stat

import pytest

from upheld.cli import exits, main


@pytest.fixture
def made(tmp_path, capsys):
    """A home that `upheld init` made, and what it said."""
    folder = tmp_path / "home"
    assert main.run(["init", str(folder), "--company", "Northgate Systems"]) == exits.FINE
    return folder, capsys.readouterr().out


def test_a_home_holds_configuration_record_and_keys_that_only_the_owner_can_read(made):
    folder, said = made
    assert (folder / "upheld.toml").is_file()
    for name in ("keys", "keys/master.key", "keys/ledger.key", "record.db"):
        assert stat.S_IMODE((folder / name).stat().st_mode) & 0o077 == 0, name
    assert "upheld policy check" in said
    assert "northgate-systems/" in (folder / "upheld.toml").read_text()


def test_an_existing_home_is_left_as_it_is(made, capsys):
    folder, _ = made
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main.run(["init", str(folder)]) == exits.BAD_INPUT
    assert "is a home already" in capsys.readouterr().err
    assert main.run(["init", "--help"]) == exits.FINE
    assert "A folder that already is a home is refused" in capsys.readouterr().out
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_record_of_a_new_home_has_the_tables_of_all_rooms(made):
    from sqlalchemy import inspect

    from upheld.home import Home
    from upheld.record import METADATA, Record

    folder, _ = made
    record = Record(Home.find(folder).record_url)
    with record.reading() as conn:
        assert set(METADATA.tables) <= set(inspect(conn).get_table_names())
    record.close()


def test_a_record_that_cannot_be_served_is_refused_before_anything_is_written(tmp_path, capsys):
    assert main.run(["--home", str(tmp_path / "home"), "init", "--record", "mysql://host/db"]) == exits.BAD_INPUT
    assert "postgresql+psycopg" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_the_record_may_lie_on_postgresql(tmp_path, capsys, postgres_url):
    url = postgres_url.render_as_string(hide_password=False)
    assert main.run(["--home", str(tmp_path / "home"), "init", "--record", url, "--json"]) == exits.FINE
    assert json.loads(capsys.readouterr().out)["record"].startswith("postgresql+psycopg://")
