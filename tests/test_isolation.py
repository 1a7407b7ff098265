"""The tests' own promises: no network beyond this machine, nothing of the developer's settings."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest


def test_a_connection_goes_nowhere_beyond_this_machine():
    with socket.socket() as beyond, pytest.raises(OSError, match=r"192\.0\.2\.1"):
        beyond.connect(("192.0.2.1", 443))


def test_the_data_folder_is_not_the_developers():
    assert Path(os.environ["CONNECTORS_HOME"]) != Path.home() / ".connectors"
