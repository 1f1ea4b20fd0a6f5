"""A JSON web server small enough to need no framework: routes are functions, and process 1 ends at once on SIGTERM."""

import json
import logging
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
log = logging.getLogger("freedom")


class Refused(Exception):
    """A request that ends with this status and message."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request, client_address):
        # A client that hangs up is no error of ours.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def serve(port, routes):
    """Serves routes, a dict of (method, path) to function(request) -> (status, object or str), until SIGTERM."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self):
            url = urlsplit(self.path)
            self.query = {name: values[-1] for name, values in parse_qs(url.query).items()}
            self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            route = routes.get((self.command, url.path))
            try:
                if route is None:
                    raise Refused(404, f"no such path: {self.command} {url.path}")
                status, content = route(self)
            except Refused as refused:
                status, content = refused.status, {"error": str(refused)}
            except Exception as error:
                log.exception("%s %s failed", self.command, url.path)
                status, content = 500, {"error": f"{type(error).__name__}: {error}".strip()}
            text = isinstance(content, str)
            data = (content if text else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8" if text else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer

        def json(self):
            try:
                content = json.loads(self.body or b"{}")
            except ValueError as error:
                raise Refused(400, f"the body is not JSON: {error}") from None
            if not isinstance(content, dict):
                raise Refused(400, "the body must be a JSON object")
            return content

        def log_request(self, code="-", size="-"):
            if not self.path.endswith("/health") and int(code) >= 400:
                log.warning("%s %s -> %s", self.command, self.path, code)

    # Process 1 has no default action for SIGTERM: without this, docker stop waits and kills.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    server = Server(("", port), Handler)
    log.info("listening on port %d", port)
    server.serve_forever()
