"""The settings of broadsheet.toml: one frozen dataclass for each stage."""
