"""Where a server writes whole lists that were asked for over its API, and how they are got rid of."""

from pathlib import Path


def exports_folder(root: Path) -> Path:
    """Of the workspace in `root`; it need not be there."""
    return root / ".kehu" / "exports"


def discard_exports(root: Path) -> None:
    """Remove every export, with what is known of it; one that is being written is told to stop, and keeps nothing."""
    folder = exports_folder(root)
    for part in folder.glob("*.part"):
        part.with_suffix(".cancel").touch()
        part.unlink(missing_ok=True)
    for ending in ("json", "jsonl"):
        for file in folder.glob(f"*.{ending}"):
            if not file.with_suffix(".lock").exists():
                file.unlink(missing_ok=True)
