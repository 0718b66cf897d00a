"""`agenther push` against a real server that answers as the hub does; nothing leaves this machine."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.export import ExportRequest, export
from core.models import OutputFormat
from core.settings import PipelineConfig
from core.store import open_store

PATH = "/api/datasets/acme/runs"
COMMIT = "/datasets/acme/runs/commit/" + "1" * 40


class Hub(BaseHTTPRequestHandler):
    """One data set, in memory: `server.held` is (private, files) or None; what was asked stands in `server.asked`."""

    def do_GET(self):
        self._seen()
        if self.path != PATH or self.server.held is None:
            self._say(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            return
        private, files = self.server.held
        siblings = [{"rfilename": name} for name in files]
        self._say(200, {"id": "acme/runs", "private": private, "sha": "1" * 40, "siblings": siblings})

    def do_POST(self):
        self._seen()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.server.refusal:
            self._say(self.server.refusal, {"error": "You don't have the rights"})
        elif self.path == "/api/repos/create":
            self.server.held = (json.loads(body)["visibility"] == "private", {})
            self._say(200, {"url": f"{self.server.url}/datasets/acme/runs"})
        elif self.path == "/api/validate-yaml":
            self._say(200, {"errors": [], "warnings": []})
        elif self.path == f"{PATH}/preupload/main":
            names = [file["path"] for file in json.loads(body)["files"]]
            self._say(200, {"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]})
        elif self.path == f"{PATH}/commit/main":
            self._commit([json.loads(line) for line in body.splitlines()])
        else:
            self._say(404, {"error": self.path})

    def _commit(self, lines):
        files = self.server.held[1]
        for line in lines:
            if line["key"] == "file":
                files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            if line["key"] == "deletedFile":
                del files[line["value"]["path"]]
        self._say(
            200,
            {
                "commitUrl": f"{self.server.url}/datasets/acme/runs/commit/{'1' * 40}",
                "commitOid": "1" * 40,
                "success": True,
            },
        )

    def _seen(self):
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))

    def _say(self, status, body, headers=()):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Length": str(len(data)),
            "Content-Type": "application/json",
            **dict(headers),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words):
        pass


@pytest.fixture
def hub(monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        server.held, server.asked, server.refusal = None, [], 0
        server.url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.url)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setenv("HF_TOKEN", "hf_forTests")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(db, tmp_path):
    """An export of what the policy lets in, with a test side."""
    with open_store(db) as store:
        request = ExportRequest(OutputFormat.SFT, "trl-steps", include_auto=True, test_share=0.5)
        export(store, PipelineConfig(), request, tmp_path / "out")
    return tmp_path / "out"


def test_an_export_becomes_a_private_data_set_in_one_commit(agenther, hub, folder):
    done = agenther("push", folder, "acme/runs")
    assert done.code == 0, done.err
    assert f"Sent: {hub.url}{COMMIT}" in done.err
    private, files = hub.held
    assert private
    assert files == {file.name: file.read_bytes() for file in folder.iterdir()}
    assert [path for _, path, _ in hub.asked].count(f"{PATH}/commit/main") == 1
    assert {token for _, path, token in hub.asked if path.startswith(PATH)} == {"Bearer hf_forTests"}


def test_what_an_earlier_export_left_is_removed_and_other_files_stay(agenther, hub, folder):
    hub.held = (True, {"test.jsonl": b"old", "dataset_info.json": b"{}", "notes.txt": b"mine"})
    (folder / "test.jsonl").unlink()
    assert agenther("push", folder, "acme/runs").code == 0
    assert set(hub.held[1]) == {"README.md", "manifest.json", "notes.txt", "train.jsonl"}


def test_a_dry_run_says_what_would_go_and_asks_nobody(agenther, hub, folder):
    said = agenther("push", folder, "acme/runs", "--dry-run")
    assert said.code == 0
    assert "4 files" in said.err
    assert "private data set acme/runs" in said.err
    assert f"train.jsonl  {(folder / 'train.jsonl').stat().st_size:,}" in said.err
    assert said.err.endswith("Nothing was sent.\n")
    assert not hub.asked


def test_nothing_goes_to_a_public_data_set_unless_that_is_said(agenther, hub, folder):
    hub.held = (False, {})
    assert "acme/runs is public" in agenther("push", folder, "acme/runs").error
    assert not hub.held[1]
    assert agenther("push", folder, "acme/runs", "--public").code == 0
    assert hub.held[1]


def test_what_holds_unmasked_personal_data_does_not_go_public(agenther, hub, folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["personal_data"] = {"masked": False, "kinds": {"api_key": {"found": 2, "different": 1}}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "export it with --redact" in agenther("push", folder, "acme/runs", "--public").error
    assert "2 api keys: not masked" in agenther("push", folder, "acme/runs", "--dry-run").err
    assert not hub.asked


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("nowhere", "acme/runs"), "holds no export"),
        (("FOLDER", "runs"), "write ORG/NAME"),
        (("FOLDER", "a b/c"), "is no name"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_one_line(agenther, hub, folder, words, line):
    given = [folder if word == "FOLDER" else word for word in words]
    refused = agenther("push", *given)
    assert refused.code == 2
    assert line in refused.error


def test_a_refusal_of_the_hub_says_what_to_do(agenther, hub, folder):
    hub.refusal = 403
    assert "log in with `hf auth login`" in agenther("push", folder, "acme/runs").error


def test_a_hub_that_is_not_there_is_named(agenther, hub, folder, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9 cannot be reached" in agenther("push", folder, "acme/runs").error
