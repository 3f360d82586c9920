"""What can be found wrong with a workspace and its files before any is understood, by check id."""

WORKSPACE_CHECKS: dict[str, str] = {
    "no-rules": "there is no rule file at all",
    "no-workspace": "the folder has no kehu.toml",
    "not-utf-8": "a file is in another encoding than UTF-8",
    "setting-value": "a setting's value does not fit",
    "settings-syntax": "kehu.toml is not TOML",
    "unknown-setting": "there is no such setting",
    "unreadable-file": "a file cannot be opened",
}
