"""How fast the hot paths are, as ratios to a floor measured in the same run. See README.md."""
