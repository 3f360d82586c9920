"""A document that one can walk: its files written, its edits made, its commands run, what they print compared."""

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.samples.command import Done, kehu

_BLOCK = re.compile(r"^```(\w+)(?: (>> )?(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the file it writes, adds to (`appends`) or edits, '' for none, and its text."""

    language: str
    file: str
    appends: bool
    text: str


def blocks_of(document: str) -> list[Block]:
    """The fenced blocks in order."""
    return [Block(each[1], each[3] or "", bool(each[2]), each[4]) for each in _BLOCK.finditer(document)]


def commands_of(text: str) -> list[tuple[str, str]]:
    """Each command of a console block with what the document says it prints."""
    return _COMMAND.findall(text)


@dataclass(slots=True)
class Walker:
    """Goes the way in `folder`, which `cd` changes."""

    folder: Path
    environment: Mapping[str, str]

    def walk(self, block: Block) -> Iterator[tuple[str, str, str]]:
        """Do what the block says; the command, the printed text expected and the real one, of each command."""
        if block.language == "console":
            for command, expected in commands_of(block.text):
                yield command, expected, self.run(command)
        elif block.language == "diff":
            self._edit(block)
        elif block.file:
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text(encoding="utf-8") if block.appends else ""
            path.write_text(before + block.text, encoding="utf-8")

    def run(self, command: str) -> str:
        """What it prints; of a refusal that prints nothing, what it says on standard error."""
        done = self.done(command)
        return done.out if done.code == 0 or done.out else done.err

    def done(self, command: str) -> Done:
        """How it ends and all it prints."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return Done(0, "", "")
        return _kehu(command, self.folder) if command.startswith("kehu ") else self._shell(command)

    def _shell(self, command: str) -> Done:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def _edit(self, block: Block) -> None:
        lines = block.text.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] in f" {mark}") for mark in "-+")
        path = self.folder / block.file
        before = path.read_text(encoding="utf-8")
        assert before.count(old) == 1, f"{block.file} has {before.count(old)} times:\n{old}"
        path.write_text(before.replace(old, new), encoding="utf-8")


def is_as_told(expected: str, printed: str) -> bool:
    """Whether the lines are equal, a line `…` standing for any number of lines."""
    parts = [re.escape(part) for part in re.split(rf"^{LEFT_OUT}\n", expected, flags=re.MULTILINE)]
    return re.fullmatch(r"(?:.*\n)*?".join(parts), printed) is not None


def _kehu(command: str, folder: Path) -> Done:
    """What it does in this process; `> FILE` at its end is understood."""
    found = re.fullmatch(r"(.*?)(?: > ([\w./]+))?", command)
    words, file = (found[1], found[2]) if found else (command, None)
    done = kehu(*shlex.split(words)[1:], folder=folder)
    if not file:
        return done
    (folder / file).write_text(done.out, encoding="utf-8")
    return Done(done.code, "", done.err)
