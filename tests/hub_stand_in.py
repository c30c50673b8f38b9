"""A stand-in of the Hugging Face Hub on this machine: repositories, and the part of its HTTP interface that is used."""

import base64
import contextlib
import dataclasses
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

TOKEN = "hf_of_a_member"


@dataclasses.dataclass
class Repository:
    """The commits of a repository, and who may read it."""

    private: bool = False
    gated: bool = False
    commits: dict = dataclasses.field(default_factory=dict)  # commit -> {path: bytes}
    branches: dict = dataclasses.field(default_factory=dict)
    tags: dict = dataclasses.field(default_factory=dict)

    def commit(self, files):
        """Add a commit to the branch main; return its hash."""
        files = {**self.commits.get(self.branches.get("main"), {}), **files}
        content = "".join(f"{path}{hashlib.sha1(data).hexdigest()}" for path, data in sorted(files.items()))
        commit = hashlib.sha1(f"{len(self.commits)}{content}".encode()).hexdigest()
        self.commits[commit] = files
        self.branches["main"] = commit
        return commit

    def at(self, revision):
        """Return the commit of a branch, a tag or a commit; None if there is none."""
        commit = self.branches.get(revision) or self.tags.get(revision) or revision
        return commit if commit in self.commits else None


class StandIn:
    """A server with repositories.

    Attributes:
        repositories: name -> Repository.
        requests: method and path of every request.
        status: an HTTP status that every request gets instead of an answer; None for answers.
        cut: whether the content of a file ends in its middle.
        readers: tokens that may read private repositories; writers may also write.
    """

    def __init__(self):
        self.repositories, self.requests, self.large = {}, [], {}
        self.status, self.cut = None, False
        self.readers, self.writers = {TOKEN}, {TOKEN}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def add(self, name, folder=None, private=False):
        """Add a repository with the files of a folder."""
        repository = self.repositories[name] = Repository(private)
        paths = [path for path in folder.rglob("*") if path.is_file()] if folder else []
        repository.commit({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})
        return repository

    def paths(self, method):
        """Return the paths of the requests with a method."""
        return [path for requested, path in self.requests if requested == method]

    def close(self):
        """Stop answering, also on connections that are open: each ends with its answer."""
        self.server.shutdown()
        self.server.server_close()


class Answer(Exception):  # noqa: N818
    """An answer with an HTTP status of an error."""

    def __init__(self, status, code="", message=""):
        super().__init__(status)
        self.status, self.headers = status, {"X-Error-Code": code, "X-Error-Message": message}


def handler_of(hub):
    """Return the class that answers requests to a stand-in."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def handle_any(self):
            hub.requests.append((self.command, self.path))
            length = int(self.headers.get("Content-Length") or 0)
            self.body = self.rfile.read(length) if length else b""
            try:
                if hub.status:
                    raise Answer(hub.status)
                self.answer(unquote(urlsplit(self.path).path).strip("/").split("/"))
            except Answer as answer:
                self.send(b"", answer.status, answer.headers)

        do_GET = do_HEAD = do_POST = do_PUT = handle_any

        def answer(self, parts):
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if parts == ["api", "validate-yaml"]:
                self.send_json({"errors": [], "warnings": []})
            elif parts == ["api", "repos", "create"]:
                self.create(json.loads(self.body), token)
            elif parts[0] == "large":
                hub.large[parts[1]] = self.body
                self.send(b"")
            elif parts[:2] == ["api", "models"]:
                self.answer_for("/".join(parts[2:4]), parts[4:], token)
            elif parts[2:3] == ["resolve"]:
                self.file("/".join(parts[:2]), *self.split_revision(parts[3:]), token)
            elif parts[2:] == ["info", "lfs", "objects", "batch"]:
                self.batch()
            else:
                raise Answer(404)

        @staticmethod
        def split_revision(parts):
            return parts[0], "/".join(parts[1:])

        def repository(self, name, token, writes=False):
            found = hub.repositories.get(name)
            if found is None or (found.private and token not in hub.readers):
                raise Answer(404 if token in hub.readers else 401, "RepoNotFound" if token in hub.readers else "")
            if found.gated and token not in hub.readers:
                raise Answer(403, "GatedRepo")
            if writes and token not in hub.writers:
                raise Answer(403 if token in hub.readers else 401, "", "you have no write access")
            return found

        def answer_for(self, name, parts, token):
            what = parts[0] if parts else "revision"
            writes = what in ("preupload", "commit", "tag")
            repository = self.repository(name, token, writes)
            if what == "refs":
                self.send_json(self.references(repository))
                return
            commit = repository.at("/".join(parts[1:]) or "main")
            if commit is None:
                raise Answer(404, "RevisionNotFound")
            files = repository.commits[commit]
            if what == "revision":
                self.send_json({"id": name, "sha": commit, "private": repository.private})
            elif what == "tree":
                self.send_json([{"type": "file", "path": p, "size": len(d), "oid": oid(d)} for p, d in files.items()])
            elif what == "preupload":
                asked = [file["path"] for file in json.loads(self.body)["files"]]
                modes = ["lfs" if path.endswith((".safetensors", ".png")) else "regular" for path in asked]
                found = [
                    {"path": path, "uploadMode": mode, "shouldIgnore": False}
                    for path, mode in zip(asked, modes, strict=True)
                ]
                self.send_json({"files": found})
            elif what == "commit":
                new = repository.commit(dict(map(self.committed, map(json.loads, self.body.splitlines()[1:]))))
                self.send_json({"commitUrl": f"{hub.url}/{name}/commit/{new}", "commitOid": new})
            elif what == "tag":
                repository.tags[json.loads(self.body)["tag"]] = commit
                self.send_json({})

        @staticmethod
        def references(repository):
            kinds = {"branches": repository.branches, "tags": repository.tags, "converts": {}}
            return {
                kind: [{"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": at} for name, at in refs.items()]
                for kind, refs in kinds.items()
            }

        @staticmethod
        def committed(operation):
            value = operation["value"]
            if operation["key"] == "file":
                return value["path"], base64.b64decode(value["content"])
            return value["path"], hub.large[value["oid"]]

        def create(self, wanted, token):
            if token not in hub.writers:
                raise Answer(403 if token in hub.readers else 401, "", "you may not create a repository here")
            name = f"{wanted['organization']}/{wanted['name']}"
            hub.add(name, private=wanted["visibility"] == "private")
            self.send_json({"url": f"{hub.url}/{name}"})

        def batch(self):
            objects = [
                {**wanted, "actions": {"upload": {"href": f"{hub.url}/large/{wanted['oid']}"}}}
                for wanted in json.loads(self.body)["objects"]
            ]
            self.send_json({"objects": objects})

        def file(self, name, revision, path, token):
            repository = self.repository(name, token)
            commit = repository.at(revision)
            if commit is None:
                raise Answer(404, "RevisionNotFound")
            if path not in repository.commits[commit]:
                raise Answer(404, "EntryNotFound")
            data = repository.commits[commit][path]
            content = data[: len(data) // 2] if hub.cut and self.command == "GET" else data
            self.send(content, headers={"ETag": f'"{oid(data)}"', "X-Repo-Commit": commit})

        def send_json(self, value):
            self.send(json.dumps(value).encode(), headers={"Content-Type": "application/json"})

        def send(self, content, status=200, headers=()):
            self.send_response(status)
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                with contextlib.suppress(BrokenPipeError):
                    self.wfile.write(content)

    return Handler


def oid(data):
    """Return the name of a file's content in Git."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
