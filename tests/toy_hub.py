"""A hub on loopback that serves folders as models, as far as `huggingface_hub` asks for it to fetch files."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "c0ffee" * 6 + "beef"
FILE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/[^/]+/(?P<file>[^?]+)")
INFO = re.compile(r"/api/models/(?P<repo>[^/]+/[^/?]+)(?:/revision/[^/?]+)?(?:\?.*)?$")


@contextmanager
def served(models: Mapping[str, Path]) -> Iterator[str]:
    """Serve each folder of `models` under its id; the endpoint."""

    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

        def do_HEAD(self) -> None:  # the base class's name
            self.do_GET()

        def do_GET(self) -> None:
            if (asked := FILE.match(self.path)) and (
                path := models.get(asked["repo"], Path("/no")) / asked["file"]
            ).is_file():
                content = path.read_bytes()
                self._reply(200, content, ETag=f'"{hashlib.sha256(content).hexdigest()}"')
            elif (asked := INFO.match(self.path)) and asked["repo"] in models:
                folder = models[asked["repo"]]
                files = [{"rfilename": str(file.relative_to(folder))} for file in folder.rglob("*") if file.is_file()]
                self._reply(200, json.dumps({"id": asked["repo"], "sha": COMMIT, "siblings": files}).encode())
            else:
                known = any(self.path.startswith(f"/{repo}/") for repo in models)
                self._reply(404, b"", X_Error_Code="EntryNotFound" if known else "RepoNotFound")

        def _reply(self, status: int, content: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**headers, "X_Repo_Commit": COMMIT, "Content_Length": str(len(content))}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
