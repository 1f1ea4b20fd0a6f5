"""Exits 0 when the URL given answers 200. Plain sockets: importing urllib costs more than the check."""

import socket
import sys

host, _, path = sys.argv[1].removeprefix("http://").partition("/")
name, _, port = host.partition(":")
with socket.create_connection((name, int(port)), timeout=2) as connection:
    connection.sendall(f"GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    with connection.makefile("rb") as answer:
        status = answer.readline().split()[1:2]
        answer.read()
sys.exit(status != [b"200"])
