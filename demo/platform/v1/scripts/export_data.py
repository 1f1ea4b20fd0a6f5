#!/usr/bin/env python3
"""Writes the documents to a JSON file that other versions of the platform can import."""

import argparse
import json
import subprocess

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--format", choices=["v1"], default="v1")
parser.add_argument("--output", required=True)
arguments = parser.parse_args()

QUERY = "SELECT coalesce(json_agg(json_build_object('id', id, 'title', title, 'body', body, 'created_at', created_at) ORDER BY id), '[]') FROM documents"
rows = subprocess.run(
    ["docker", "compose", "exec", "-T", "postgres", "sh", "-c", 'psql -XAtq -U "$POSTGRES_USER" -d "$POSTGRES_DB"'],
    input=QUERY, capture_output=True, text=True, check=True,
).stdout
documents = json.loads(rows)
with open(arguments.output, "w", encoding="utf-8") as file:
    json.dump({"format": arguments.format, "documents": documents}, file)
print(f"exported {len(documents)} documents to {arguments.output}")
