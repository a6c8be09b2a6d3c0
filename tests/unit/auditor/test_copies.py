"""Copies kept in a folder, to be judged again by somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.copies import load, save
from federation.errors import ConfigError
from tests.unit.auditor.invented import Invented


def test_copies_that_were_kept_are_judged_the_same(tmp_path: Path) -> None:
    world = Invented()
    world.carry()
    copies = world.copies()
    save(copies, tmp_path / "new" / "folder")
    read = load(tmp_path / "new" / "folder")
    assert read == copies
    assert world.audit(read).findings == ()


def test_copies_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    save(Invented().copies(), folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_folder_without_copies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no copies"):
        load(tmp_path)


def test_a_file_that_is_no_copy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "polri.copy.json").write_text("{}")
    with pytest.raises(ConfigError, match="is not a copy of a log"):
        load(tmp_path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write the copies"):
        save(Invented().copies(), tmp_path / "file")
