"""Runs executed cases of the reference runtime through the public runtime functions.

`python -m tests.compat.oracle FOLDER` runs every case of every *.json.gz of a folder. One module per
file, named like it, has `run(case, world) -> Verdict`. docs/compatibility.md says what the reference
runtime is and which rules a case may differ by.
"""
