#!/usr/bin/env python3
"""Adds the documents of an exported JSON file that the database does not have yet."""

import argparse
import json
import subprocess
import sys

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--input", required=True)
arguments = parser.parse_args()

with open(arguments.input, encoding="utf-8") as file:
    export = json.load(file)
if export.get("format") != "v1":
    sys.exit(f"{arguments.input} has format {export.get('format')}, this version reads v1")

# A tag that cannot occur in the JSON keeps the text out of SQL's hands.
text = json.dumps(export["documents"])
tag = "import"
while f"${tag}$" in text:
    tag += "_"
SQL = f"""
WITH incoming AS (
    SELECT * FROM json_to_recordset(${tag}${text}${tag}$)
        AS row (id bigint, title text, body text, created_at timestamptz)
), added AS (
    INSERT INTO documents (id, title, body, created_at) SELECT * FROM incoming
    ON CONFLICT (id) DO NOTHING RETURNING id
)
SELECT count(*) FROM added;
SELECT setval(pg_get_serial_sequence('documents', 'id'), greatest((SELECT max(id) FROM documents), 1)) \\g /dev/null
"""
added = subprocess.run(
    ["docker", "compose", "exec", "-T", "postgres", "sh", "-c",
     'psql -XAtq -v ON_ERROR_STOP=1 -1 -U "$POSTGRES_USER" -d "$POSTGRES_DB"'],
    input=SQL, capture_output=True, text=True, check=True,
).stdout.strip()
print(f"added {added} of {len(export['documents'])} documents from {arguments.input}")
