import base64
import multiprocessing
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.engine.keys import KEY_FILE, key_id, make_key_file, new_key, read_key_file
from connectors.engine.settings import Settings
from connectors.engine.vault import Vault, add_key_file_key, drop_old_keys
from connectors.errors import SettingError, VaultError

OLD, NEW = b"o" * 32, b"n" * 32


def settings(home, **environ):
    return Settings.load({"CONNECTORS_HOME": str(home), **environ})


@given(st.binary(max_size=2000), st.text(st.characters(exclude_categories=("Cs",))))
def test_what_was_sealed_opens_in_its_own_context(plaintext, context):
    vault = Vault([NEW])
    assert vault.open(vault.seal(plaintext, context=context), context=context) == plaintext


def test_a_sealed_value_shows_nothing_and_is_never_the_same_twice():
    vault = Vault([NEW])
    sealed = [vault.seal(b"hunter2-hunter2", context="dev/acme") for _ in range(50)]
    assert len(set(sealed)) == 50
    assert all(b"hunter2" not in one for one in sealed)


def test_the_form_is_version_key_id_nonce_ciphertext_and_tag():
    sealed = Vault([NEW]).seal(b"12345", context="x")
    assert sealed[0] == 1
    assert sealed[1:5].hex() == key_id(NEW)
    assert len(sealed) == 1 + 4 + 12 + 5 + 16


def test_the_newest_key_seals_and_all_keys_open():
    before = Vault([OLD]).seal(b"x", context="c")
    vault = Vault([NEW, OLD])
    assert vault.open(before, context="c") == b"x"
    after = vault.seal(b"y", context="c")
    assert vault.key_id_of(after) == vault.newest_id == key_id(NEW)
    assert Vault([NEW]).open(after, context="c") == b"y"


def test_another_context_does_not_open_it():
    vault = Vault([NEW])
    with pytest.raises(VaultError, match="another connection or environment"):
        vault.open(vault.seal(b"x", context="dev/acme"), context="prod/acme")


@given(st.data())
def test_a_single_changed_bit_anywhere_is_noticed(data):
    vault = Vault([NEW])
    sealed = bytearray(vault.seal(b"secret", context="c"))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises(VaultError):
        vault.open(bytes(sealed), context="c")


@given(st.binary(max_size=60))
def test_junk_is_a_vault_error_and_nothing_else(junk):
    with pytest.raises(VaultError):
        Vault([NEW]).open(junk, context="c")


def test_a_missing_key_is_named_with_what_its_loss_means():
    sealed = Vault([OLD]).seal(b"x", context="c")
    with pytest.raises(VaultError, match=key_id(OLD)) as caught:
        Vault([NEW]).open(sealed, context="c")
    assert key_id(NEW) in caught.value.message
    assert "If the key is lost" in caught.value.next_step


def test_no_key_stands_in_repr_or_errors():
    vault = Vault([NEW, OLD])
    assert repr(vault) == f"<Vault newest={key_id(NEW)} keys=2>"
    with pytest.raises(VaultError, match="32 bytes"):
        Vault([b"short"])
    with pytest.raises(VaultError, match="at least one key"):
        Vault([])


def test_keys_from_the_setting_need_no_file(tmp_path):
    home = tmp_path / "home"
    text = ",".join(base64.b64encode(key).decode() for key in (NEW, OLD))
    vault, note = Vault.from_settings(settings(home, CONNECTORS_ENCRYPTION_KEY=text))
    assert vault.newest_id == key_id(NEW)
    assert note is None
    assert not home.exists()


def test_a_bad_key_in_the_setting_is_refused_without_showing_it_and_without_a_file(tmp_path):
    with pytest.raises(SettingError, match="CONNECTORS_ENCRYPTION_KEY") as caught:
        Vault.from_settings(settings(tmp_path / "home", CONNECTORS_ENCRYPTION_KEY="hunter2"))
    assert "hunter2" not in str(caught.value.to_dict())
    assert not (tmp_path / "home").exists()


def test_a_local_start_makes_a_key_file_for_its_user_only_and_names_it(tmp_path):
    home = tmp_path / "home"
    vault, note = Vault.from_settings(settings(home))
    assert note is not None
    assert str(home / KEY_FILE) in note
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    again, note = Vault.from_settings(settings(home))
    assert note is None
    assert again.open(vault.seal(b"x", context="c"), context="c") == b"x"


def test_the_mode_of_a_new_key_file_does_not_depend_on_the_umask(tmp_path):
    before = os.umask(0)
    try:
        Vault.from_settings(settings(tmp_path / "home"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "home" / KEY_FILE).stat().st_mode) == 0o600


def test_of_processes_that_start_at_once_one_makes_the_key_and_all_use_it(tmp_path):
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        answers = pool.map(make_key_file, [tmp_path] * 12, chunksize=1)
    assert len({keys for keys, _ in answers}) == 1
    assert [made for _, made in answers].count(True) == 1


def test_rotations_at_once_lose_no_key(tmp_path):
    (first,), _ = make_key_file(tmp_path)
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        added = pool.map(add_key_file_key, [tmp_path] * 8, chunksize=1)
    keys = read_key_file(tmp_path)
    assert keys is not None
    assert {key_id(key) for key in keys} == {key_id(first), *added}
    assert keys[-1] == first


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_key_file_that_others_can_read_is_refused_with_the_next_step(tmp_path, mode):
    make_key_file(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(VaultError, match="other users") as caught:
        Vault.from_settings(settings(tmp_path))
    assert f"chmod 600 {tmp_path / KEY_FILE}" in caught.value.next_step


@pytest.mark.parametrize("content", [b"", b"# only a note\n", b"hunter2\n", b"\xff\xfe", base64.b64encode(b"hunter2")])
def test_a_damaged_key_file_is_refused_and_left_alone(tmp_path, content):
    file = tmp_path / KEY_FILE
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(VaultError, match=r"vault\.key") as caught:
        Vault.from_settings(settings(tmp_path))
    assert "hunter2" not in str(caught.value.to_dict())
    assert file.read_bytes() == content


def test_a_folder_in_the_place_of_the_key_file_is_a_clear_error(tmp_path):
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(VaultError, match="cannot be read"):
        Vault.from_settings(settings(tmp_path))


def test_rotation_puts_a_new_key_in_front_and_keeps_the_old_ones_readable(tmp_path):
    before, _ = Vault.from_settings(settings(tmp_path))
    sealed = before.seal(b"x", context="c")
    added = add_key_file_key(tmp_path)
    after, _ = Vault.from_settings(settings(tmp_path))
    assert after.newest_id == added != before.newest_id
    assert after.open(sealed, context="c") == b"x"
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600

    assert drop_old_keys(tmp_path, added) == 1
    assert drop_old_keys(tmp_path, added) == 0
    last, _ = Vault.from_settings(settings(tmp_path))
    with pytest.raises(VaultError, match=before.newest_id):
        last.open(sealed, context="c")
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


def test_dropping_keeps_the_keys_of_a_rotation_that_began_later(tmp_path):
    make_key_file(tmp_path)
    mine, later = add_key_file_key(tmp_path), add_key_file_key(tmp_path)
    drop_old_keys(tmp_path, mine)
    keys = read_key_file(tmp_path)
    assert keys is not None
    assert [key_id(key) for key in keys] == [later, mine]
    with pytest.raises(VaultError, match="nothing was dropped"):
        drop_old_keys(tmp_path, key_id(new_key()))


def test_without_a_key_file_there_is_nothing_to_rotate(tmp_path):
    for step in (add_key_file_key, lambda home: drop_old_keys(home, "00000000")):
        with pytest.raises(VaultError, match="no key file"):
            step(tmp_path)
        with pytest.raises(VaultError, match="cannot be written"):
            step(tmp_path / "missing")
    assert not list(tmp_path.iterdir())
