from __future__ import annotations

import base64

import pytest

from connectors import InvalidInput, NotFoundError, OutcomeUnknown, RejectedError, UnknownFile

PATH = "/api/v2/images/"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
FILE = {"name": "pump-front.png", "base64": base64.b64encode(PICTURE).decode()}


@pytest.fixture
def folder(actor):
    return actor.emulator.truth("folders")[0]["id"]


def _stored(actor, image):
    return actor.emulator.account.tables["images"][image["id"]]


def test_an_image_goes_into_its_folder_as_it_is(actor, folder):
    output = actor.do("upload-image", image=FILE, parent=folder)
    assert (output["image"]["name"], output["in_root"]) == ("pump-front.png", False)
    row = _stored(actor, output["image"])
    assert (row["parent"], list(row["files"].values())) == (folder, [PICTURE])


def test_a_variant_and_a_size_go_along(actor):
    output = actor.do("upload-image", image=FILE, variant="sv", size="hpr", trim=True)
    assert output["in_root"] is True
    assert _stored(actor, output["image"])["files"] == {("sv", "hpr"): PICTURE}


def test_where_the_folder_is_refused_the_image_goes_into_the_root_and_that_is_said(actor, folder):
    actor.emulator.change(image_parent="refused")
    output = actor.do("upload-image", image=FILE, parent=folder)
    assert output["in_root"] is True
    row = _stored(actor, output["image"])
    assert (row["parent"], list(row["files"].values())) == (0, [PICTURE])
    assert len(actor.sent("POST", PATH)) == 2


def test_a_refusal_that_is_not_about_the_folder_is_told(actor, folder):
    actor.emulator.fault("status", "POST", PATH, status=422, times=None)
    with pytest.raises(RejectedError) as caught:
        actor.do("upload-image", image=FILE, parent=folder)
    assert caught.value.status == 422
    assert len(actor.sent("POST", PATH)) == 2
    with pytest.raises(RejectedError):
        actor.do("upload-image", image=FILE)
    assert len(actor.sent("POST", PATH)) == 1


@pytest.mark.parametrize("status", [400, 403, 409, 413])
def test_another_refusal_is_not_tried_again(actor, folder, status):
    actor.emulator.fault("status", "POST", PATH, status=status)
    with pytest.raises(Exception, match=str(status)):
        actor.do("upload-image", image=FILE, parent=folder)
    assert len(actor.sent("POST", PATH)) == 1


def test_an_upload_whose_answer_is_lost_is_not_repeated_without_the_folder_either(actor, folder):
    actor.emulator.fault("reset", "POST", PATH)
    with pytest.raises(OutcomeUnknown):
        actor.do("upload-image", image=FILE, parent=folder)
    assert len(actor.sent("POST", PATH)) == 1


def test_a_budget_that_is_spent_at_paligo_is_waited_for_with_the_whole_file(actor):
    actor.emulator.fault("status", "POST", PATH, status=429, headers={"Retry-After": "4"})
    output = actor.do("upload-image", image=FILE)
    assert list(_stored(actor, output["image"])["files"].values()) == [PICTURE]
    assert 4.0 in actor.clock.slept


def test_a_file_that_was_handed_in_is_uploaded(actor, tmp_path):
    path = tmp_path / "figure.png"
    path.write_bytes(PICTURE)
    with path.open("rb") as content:
        handed = actor.host.files.add("dev", actor.stored.key, "figure.png", content)
    output = actor.do("upload-image", image={"file": handed.id})
    assert output["image"]["name"] == "figure.png"
    assert list(_stored(actor, output["image"])["files"].values()) == [PICTURE]


@pytest.mark.parametrize(
    ("image", "error"),
    [
        ({"name": "a.png", "base64": ""}, InvalidInput),
        ({"name": "a.png", "base64": "not Base64"}, InvalidInput),
        ({"name": "a.png"}, InvalidInput),
        ({"base64": "eA=="}, InvalidInput),
        ({"name": "../../a.png", "base64": "eA=="}, InvalidInput),
        ({"path": "/etc/passwd"}, InvalidInput),
        ("a.png", InvalidInput),
        ({"file": "0" * 40}, UnknownFile),
        ({"file": "../../etc/passwd"}, UnknownFile),
    ],
)
def test_a_file_that_cannot_be_one_is_refused_before_anything_is_sent(actor, image, error):
    with pytest.raises(error):
        actor.do("upload-image", image=image)
    assert actor.emulator.log == []


def test_another_file_takes_the_place_of_an_images(actor):
    image = actor.do("upload-image", image=FILE)["image"]
    other = base64.b64encode(b"other").decode()
    output = actor.do("replace-image", id=image["id"], image={"name": "pump-front.png", "base64": other}, trim=False)
    assert output["id"] == image["id"]
    assert list(_stored(actor, image)["files"].values()) == [b"other"]


def test_an_image_that_is_not_there_cannot_be_replaced(actor):
    with pytest.raises(NotFoundError):
        actor.do("replace-image", id=999_999, image=FILE)
