"""What tests/conftest.py sets up for every test: nobody's settings, nothing of the outside."""

import os
import socket

import huggingface_hub
import pytest
from hypothesis import settings


def test_nobodys_token_reaches_a_test() -> None:
    assert huggingface_hub.get_token() is None


def test_nobodys_settings_reach_a_test() -> None:
    ours = [name for name in os.environ if name.startswith(("HF_", "LINEAGE_"))]
    assert sorted(ours) == ["HF_HOME", "HF_HUB_DISABLE_TELEMETRY"]


def test_the_outside_is_refused() -> None:
    with socket.socket() as outside, pytest.raises(PermissionError, match="this machine alone"):
        outside.connect(("192.0.2.1", 80))


def test_loopback_is_at_hand() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as visitor,
    ):
        assert visitor.getpeername() == server.getsockname()


def test_a_slow_machine_fails_no_property() -> None:
    assert settings().deadline is None
