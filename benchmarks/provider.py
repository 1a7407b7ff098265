"""One provider out of a file of a thousand, against parsing the file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from benchmarks.measure import Goal, Result, best
from connectors.runtime.catalog import Catalog

_COUNT = 1000
_GOAL = Goal(0.018, "7 ms to one provider of 1,013 where all of them took 399 ms")
_FLOOR = "yaml.load(…, CSafeLoader) of the whole file"
_ENTRY = """{name}:
    display_name: Provider {number}
    categories:
        - productivity
        - dev-tools
    auth_mode: API_KEY
    proxy:
        base_url: https://${{connectionConfig.subdomain}}.provider-{number}.example
        headers:
            authorization: Bearer ${{apiKey}}
            accept: application/json
        retry:
            after:
                - retry-after
        paginate:
            type: link
            link_path_in_response_body: links.next
            limit_name_in_request: page_size
        verification:
            method: GET
            endpoints:
                - /v1/me
    docs: https://docs.provider-{number}.example
    docs_connect: https://docs.provider-{number}.example/connect
    connection_config:
        subdomain:
            type: string
            title: Subdomain
            description: The part of the address in front of provider-{number}.example, such as mycompany.
            pattern: '^[a-z0-9-]+$'
            example: mycompany
            doc_section: '#step-1-find-the-subdomain'
    credentials:
        apiKey:
            type: string
            title: API Key
            description: The key that is made in the settings of the account.
            secret: true
            doc_section: '#step-2-make-a-key'
"""


def run() -> Iterator[Result]:
    """A made-up file; and the reference definitions, if CONNECTORS_REFERENCE_PROVIDERS names them."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "providers.yaml"
        entries = (_ENTRY.format(name=f"provider-{number}", number=number) for number in range(_COUNT))
        made.write_text("\n".join(entries))
        yield _compared("one provider of 1,000", made)
    reference = os.environ.get("CONNECTORS_REFERENCE_PROVIDERS")
    if reference:
        yield _compared("one reference provider", Path(reference))


def _compared(name: str, file: Path) -> Result:
    names = Catalog([file]).names()
    middle = names[len(names) // 2]
    ours, floor = best(
        lambda: Catalog([file]).get(middle).base_url,
        lambda: yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader),
        times=1,
        rounds=5,
    )
    return Result(name, ours, floor, _FLOOR, _GOAL)
