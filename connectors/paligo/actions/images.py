"""Uploading images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors import InvalidInput, RejectedError
from connectors.authoring import Call, action
from connectors.paligo.writing import form

_PATH = "/api/v2/images/"
_UNPROCESSABLE = 422


@action()
def upload_image(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Upload an image. Where Paligo refuses the folder, it goes into the root Media folder, and the answer says so."""
    image = call.file(given["image"])
    if not image.size:
        problem = f"the image {image.name!r} is empty"
        raise InvalidInput(f"the input of upload-image does not fit: {problem}", problems=[problem])
    fields = {name: value for name, value in given.items() if name != "image"}
    try:
        answer = call.upload(_PATH, files={"image": image}, data=form(fields))
    except RejectedError as error:
        # One client reports that this instance's API refuses `parent`, which the reference offers.
        if error.status != _UNPROCESSABLE or "parent" not in fields:
            raise
        call.log.warning("the folder %s was refused for an image; it goes into the root Media folder", fields["parent"])
        del fields["parent"]
        answer = call.upload(_PATH, files={"image": image}, data=form(fields))
    return {"image": answer.json(), "in_root": "parent" not in fields}
