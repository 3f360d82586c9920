"""`python -m kehu.cli`: the kehu command."""

from kehu.cli.main import main

main()
