"""Build step: put the query page's pinned files into the wheel; they are never in version control."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface[Any]):
    """Installs the files before a wheel or source distribution is made; editable installs are left alone."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """A source distribution carries the files, so that building its wheel needs no network."""
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "graphql")))
        import_module("kehu_graphql.ide.install").install()
