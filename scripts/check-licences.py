#!/usr/bin/env python3
"""Every crate that the lock file names may be used in a work under the EUPL-1.2.

Reads SPDX expressions: one of the licences joined by OR must be allowed, each of those joined by AND. The list holds
licences without copyleft, and MPL-2.0, which the EUPL names as compatible in its appendix.
"""

import json
import re
import subprocess
import sys

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC0-1.0", "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "Unicode-3.0", "Unlicense", "Zlib",
}


def tokens(expression):
    """Splits an expression; a slash is the old way to write OR, WITH belongs to the licence before it."""
    spelled = expression.replace("/", " OR ").replace("(", " ( ").replace(")", " ) ")
    spelled = re.sub(r"\s+WITH\s+", "\0WITH\0", spelled)
    return [token.replace("\0", " ") for token in spelled.split()]


def allowed(expression):
    """Evaluates an expression: AND binds closer than OR."""
    queue = tokens(expression)

    def either():
        good = both()
        while queue and queue[0] == "OR":
            queue.pop(0)
            good = both() or good
        return good

    def both():
        good = one()
        while queue and queue[0] == "AND":
            queue.pop(0)
            good = one() and good
        return good

    def one():
        token = queue.pop(0)
        if token != "(":
            return token in ALLOWED
        good = either()
        if queue.pop(0) != ")":
            raise ValueError(expression)
        return good

    good = either()
    if queue:
        raise ValueError(expression)
    return good


def main():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    packages = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)["packages"]
    foreign = [package for package in packages if package["source"]]
    refused = [package for package in foreign if not allowed(package["license"] or "none")]
    for package in refused:
        print(f"{package['name']} {package['version']}: {package['license'] or 'no licence named'}", file=sys.stderr)
    print(f"{len(foreign)} crates checked, {len(refused)} with a licence that does not fit")
    return 1 if refused or not foreign else 0


if __name__ == "__main__":
    sys.exit(main())
