"""The kehu command."""
