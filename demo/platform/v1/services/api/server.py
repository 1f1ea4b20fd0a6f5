"""API gateway: authenticates a query, finds documents for it and has the model answer."""

import hmac
import json
import os
import urllib.error
import urllib.request
from urllib.parse import urlencode

from web import Refused, log, serve

with open("config/gateway.json", encoding="utf-8") as file:
    SETTINGS = json.load(file)

API_KEY = os.environ["FREEDOM_API_KEY"]


def call(url, body=None):
    request = urllib.request.Request(
        url, data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=SETTINGS["timeout_seconds"]) as response:
            return json.load(response)
    except (urllib.error.URLError, TimeoutError) as error:
        log.error("%s failed: %s", url, error)
        raise Refused(502, f"{url} failed: {error}") from None


def authenticate(request):
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not hmac.compare_digest(key.encode(), API_KEY.encode()):
        raise Refused(401, "send Authorization: Bearer <FREEDOM_API_KEY>")


def health(request):
    services = {}
    for name in ("kb", "mlx"):
        try:
            services[name] = call(f"{SETTINGS[name + '_url']}/health")["status"]
        except Refused as refused:
            services[name] = str(refused)
    healthy = all(status == "healthy" for status in services.values())
    return 200 if healthy else 503, {"status": "healthy" if healthy else "unhealthy", "services": services}


def query(request):
    authenticate(request)
    body = request.json()
    question = body.get("query")
    if not question:
        raise Refused(400, "query is missing")
    parameters = urlencode({"query": question, "limit": SETTINGS["context_documents"]})
    documents = call(f"{SETTINGS['kb_url']}/documents?{parameters}")["documents"]
    context = "\n".join(document["body"] for document in documents)
    completion = call(
        f"{SETTINGS['mlx_url']}/v1/chat/completions",
        {
            "messages": [{"role": "system", "content": context}, {"role": "user", "content": question}],
            "max_tokens": body.get("max_tokens", 50),
        },
    )
    return 200, {
        "query": question,
        "answer": completion["choices"][0]["message"]["content"],
        "sources": [{"id": document["id"], "title": document["title"]} for document in documents],
        "model": completion["model"],
        "usage": completion["usage"],
    }


serve(8080, {("GET", "/health"): health, ("POST", "/v1/query"): query})
