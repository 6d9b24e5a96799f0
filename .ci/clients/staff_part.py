"""The part of the contract that a staff app needs: its own calls and the log-in, and the shapes that these speak of. Reads and writes JSON."""  # noqa: INP001  # a script beside its shell, no package

import json
import re
import sys
from typing import Any

TAGS = {"staff", "auth"}
NAMED = re.compile(r'"#/components/schemas/([^"]+)"')


def part(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without what nobody on the staff app can call."""
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        kept = {method: said for method, said in item.items() if TAGS & set(said.get("tags", ()))}
        if kept:
            paths[path] = kept
    schemas = document["components"]["schemas"]
    wanted: set[str] = set()
    new = set(NAMED.findall(json.dumps(paths)))
    while new:
        wanted |= new
        new = {name for known in new for name in NAMED.findall(json.dumps(schemas[known]))} - wanted
    components = document["components"] | {"schemas": {name: schemas[name] for name in sorted(wanted)}}
    return document | {"paths": paths, "components": components}


if __name__ == "__main__":
    json.dump(part(json.load(sys.stdin)), sys.stdout, ensure_ascii=False)
