"""Who asks for a change, as a header says; nobody checks it until there are users and tokens."""

from urllib.parse import unquote

AUTHOR_HEADER = "Kehu-Author"


def author_of(header: str) -> str:
    """The name in a header, which is percent-encoded UTF-8, or UTF-8 as it is; "" for none and for what is neither."""
    try:
        # Starlette reads the bytes of a header as Latin-1.
        return unquote(header.encode("latin-1").decode(), errors="strict").strip()
    except ValueError:
        return ""
