"""The schema as a file, so that every change of it shows in review: `python -m kehu_graphql.snapshot`."""

from pathlib import Path

from kehu_graphql.schema import build_schema

SNAPSHOT = Path(__file__).parent / "schema.graphql"


def sdl() -> str:
    """The schema in GraphQL's own language, types by name."""
    return f"{build_schema().as_str()}\n"


def main() -> None:
    """Write the schema as it is now."""
    SNAPSHOT.write_text(sdl(), encoding="utf-8")


if __name__ == "__main__":
    main()
