"""Where the server takes changes."""

import pytest

from kehu.cli.serve import _takes_changes

EVERYWHERE = "0.0.0.0"  # noqa: S104 (nothing listens there)


@pytest.mark.parametrize(
    ("_case", "setting", "host", "expected"),
    [
        ("on, everywhere", "on", EVERYWHERE, True),
        ("off, here", "off", "127.0.0.1", False),
        ("local, here", "local", "127.0.0.1", True),
        ("local, here in another way", "local", "127.8.9.1", True),
        ("local, here in IPv6", "local", "::1", True),
        ("local, here by name", "local", "localhost", True),
        ("local, everywhere", "local", EVERYWHERE, False),
        ("local, everywhere in IPv6", "local", "::", False),
        ("local, in the house", "local", "192.168.1.5", False),
        ("local, by another name", "local", "crm.example.com", False),
    ],
)
def test_changes_are_taken_by_the_setting_and_the_address(
    _case: str, setting: str, host: str, *, expected: bool
) -> None:
    assert _takes_changes(setting, host) is expected
