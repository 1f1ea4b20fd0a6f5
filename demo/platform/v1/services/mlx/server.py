"""Completes prompts with a word-bigram model, behind OpenAI's chat completion interface."""

import json
import os
import random
import time
import zlib
from array import array

from web import Refused, log, serve

with open("config/mlx.json", encoding="utf-8") as file:
    SETTINGS = json.load(file)


def load(directory):
    """Reads the word table and the weights, and fails on a file cut short or changed."""
    with open(os.path.join(directory, "model.json"), encoding="utf-8") as file:
        model = json.load(file)
    weights = array("f")
    with open(os.path.join(directory, "weights.bin"), "rb") as file:
        data = file.read()
    if zlib.crc32(data) != model["weights_crc32"]:
        raise SystemExit(f"weights in {directory} do not match model.json: restore models/ from a backup")
    weights.frombytes(data)
    log.info("model loaded: %s, %d words, %d weights", model["name"], len(model["next"]), len(weights))
    return model["next"], weights


NEXT, WEIGHTS = load(SETTINGS["model_directory"])


def complete(prompt, max_tokens):
    """The same prompt has the same completion."""
    choose = random.Random(zlib.crc32(prompt.encode()))
    words, word = [], "<s>"
    while len(words) < max_tokens:
        word = choose.choice(NEXT.get(word) or NEXT["<s>"])
        if word == "</s>":
            if len(words) >= max_tokens // 2:
                break
            word = "<s>"
            continue
        words.append(word)
    return " ".join(words)


def health(request):
    return 200, {"status": "healthy", "model": SETTINGS["model"], "weights": len(WEIGHTS)}


def chat(request):
    body = request.json()
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "messages must be a list with at least one message")
    prompt = " ".join(str(message.get("content", "")) for message in messages)
    text = complete(prompt, min(int(body.get("max_tokens", 50)), SETTINGS["max_tokens"]))
    used, made = len(prompt.split()), len(text.split())
    return 200, {
        "id": f"chatcmpl-{zlib.crc32(prompt.encode()):08x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": SETTINGS["model"],
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": used, "completion_tokens": made, "total_tokens": used + made},
    }


serve(8001, {("GET", "/health"): health, ("POST", "/v1/chat/completions"): chat})
