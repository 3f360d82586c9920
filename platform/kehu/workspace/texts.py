"""The texts of files that people write, with all that cannot be read told at once."""

from collections.abc import Mapping
from importlib.resources.abc import Traversable

from kehu.model.problems import Place, Problem, refuse_errors


def read_texts(files: Mapping[str, Traversable]) -> dict[str, str]:
    """The files' texts under their names, in their order; a byte order mark is left out.

    Raises RefusedError naming every file that cannot be opened or is not UTF-8.
    """
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for name, file in files.items():
        try:
            texts[name] = file.read_text(encoding="utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            problems.append(_not_utf_8(str(file), error))
        except OSError as error:
            message = f"the file cannot be read: {error.strerror}"
            problems.append(Problem(Place(str(file)), "unreadable-file", message, "mend or remove it"))
    refuse_errors(problems)
    return texts


def _not_utf_8(path: str, error: UnicodeDecodeError) -> Problem:
    before = error.object[: error.start]
    line, column = before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    message = f"the file is not UTF-8: byte '\\x{error.object[error.start]:02x}'"
    return Problem(Place(path, line, column), "not-utf-8", message, "save it as UTF-8 in the editor")
