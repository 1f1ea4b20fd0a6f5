"""Knowledge base: searches, counts and adds documents in PostgreSQL."""

import hashlib
import json
import os
import re
import threading
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql

from web import Refused, log, serve

with open("config/kb.json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

COLLECTION = SETTINGS["collection"]
UPLOADS = "data/uploads.jsonl"
uploads_lock = threading.Lock()


@contextmanager
def database():
    # Where the database is and who we are comes from PGHOST, PGUSER, PGPASSWORD and PGDATABASE.
    connection = psycopg2.connect(connect_timeout=3, application_name="kb-service")
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def collection(statement):
    return sql.SQL(statement).format(documents=sql.Identifier(COLLECTION))


def embedding(text):
    """A stand-in for a model's embedding: the same text has the same vector."""
    digest = hashlib.sha256(text.encode()).digest()
    return [round(byte / 255, 4) for byte in digest[: SETTINGS["embedding_dimensions"]]]


def health(request):
    try:
        with database() as cursor:
            cursor.execute("SELECT 1")
        return 200, {"status": "healthy"}
    except psycopg2.Error as error:
        return 503, {"status": "unhealthy", "error": str(error).strip()}


def count(request):
    with database() as cursor:
        cursor.execute(collection("SELECT (SELECT count(*) FROM {documents}), (SELECT count(*) FROM vectors)"))
        documents, vectors = cursor.fetchone()
    return 200, {"count": documents, "vectors": vectors}


def search(request):
    words = re.findall(r"\w{3,}", request.query.get("query", ""))
    limit = int(request.query.get("limit", SETTINGS["search_limit"]))
    with database() as cursor:
        cursor.execute(
            collection("SELECT id, title, body FROM {documents} WHERE title ILIKE ANY (%s) ORDER BY id LIMIT %s"),
            ([f"%{word}%" for word in words] or ["%"], limit),
        )
        found = [{"id": row[0], "title": row[1], "body": row[2]} for row in cursor]
    return 200, {"documents": found}


def add(request):
    document = request.json()
    title, body = document.get("title"), document.get("body")
    if not title or not body:
        raise Refused(400, "a document needs a title and a body")
    with database() as cursor:
        cursor.execute(collection("INSERT INTO {documents} (title, body) VALUES (%s, %s) RETURNING id"), (title, body))
        document_id = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO vectors (document_id, embedding) VALUES (%s, %s)", (document_id, embedding(title + body))
        )
        cursor.execute("INSERT INTO ingest_log (document_id, source) VALUES (%s, %s)", (document_id, "api"))
    with uploads_lock, open(UPLOADS, "a", encoding="utf-8") as uploads:
        uploads.write(json.dumps({"id": document_id, "title": title}) + "\n")
    return 201, {"id": document_id}


def docs(request):
    rows = "".join(f"<li><code>{method} {path}</code></li>" for method, path in ROUTES)
    return 200, f"<!doctype html><title>FREEDOM knowledge base</title><h1>Knowledge base</h1><ul>{rows}</ul>\n"


ROUTES = {
    ("GET", "/health"): health,
    ("GET", "/docs"): docs,
    ("GET", "/documents"): search,
    ("POST", "/documents"): add,
    ("GET", "/documents/count"): count,
}

os.makedirs("data", exist_ok=True)
with open("data/collection.json", "w", encoding="utf-8") as file:
    json.dump({"collection": COLLECTION, "format": "v1"}, file)
log.info("knowledge base serves collection %s", COLLECTION)
serve(8000, ROUTES)
