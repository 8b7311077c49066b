"""The examples of `docs/http-api.md` run as they stand, in their order, against a service that asks for tokens.

Of each only the address and the way to start a command are others. A block of `bash` has to succeed to its last
request; one of `sh` is a request that is refused, as the document says.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import is_zipfile

import pytest

from tests.adapters.cli.processes import PROJECT, command, environment, serving, write_env_file
from tests.hostile.builders import png

DOCUMENT = (PROJECT / "docs" / "http-api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|sh|python)\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
SECONDS = 60
REFUSED_BY_CURL = 22
SILENT_AND_STRICT = "silent\nshow-error\nfail-with-body\n"
TOLD = [
    *("idempotency-replayed: true", '"name":"image_to_image/', '"width":128', '"state":"done"', '"jobs":['),
    *('"name":"boat.png"', '"total":', '"freed_bytes"', 'ratelimit: "daily";r=', '"resets_at"', '"entries":['),
    *('"field":"promt"', '"status":429', '{"pos":', "event: GenerationReserved", '"position"'),
    *('"offer":"ten","changed":true', '"balance":14', '"sentence":"bought for 5 points."', '"favourite":true'),
    *('"object":"list"',),
    *("done text_to_image/image_1.png", "429 Over the daily limit", "GenerationReserved"),
]
"""What the answers say, in the order of the examples."""


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="the examples are for bash and curl")
def test_every_example_of_the_document_does_what_it_says(tmp_path: Path) -> None:
    """A token, pictures, a job, uploads, lists, quota, events, problems, the OpenAI door, and the same from Python."""
    root, settings = tmp_path / "root", write_env_file(tmp_path / "settings.env", HTTP_ACCESS="tokens")
    (tmp_path / "boat.png").write_bytes(png(64, 64))
    (tmp_path / ".curlrc").write_text(SILENT_AND_STRICT, encoding="utf-8")
    with serving(root, settings) as service:
        abby = shlex.join(command(root, settings))
        written = "set -eu\n" + "\n".join(map(_as_bash, BLOCKS))
        written = written.replace("python3 launch.py", abby).replace("http://127.0.0.1:8080", service.address)
        done = subprocess.run(
            ["bash", "-c", written],
            cwd=tmp_path,
            env=environment(CURL_HOME=str(tmp_path)),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr
    told = done.stdout.lower()
    for words in TOLD:
        assert words.lower() in told, words
        told = told[told.index(words.lower()) + 1 :]
    assert (tmp_path / "made.png").read_bytes().startswith(b"\x89PNG")
    assert "304 not modified" in done.stdout.lower()
    assert '"daily":{"allowed":true,"used":0,"remaining":20,"limit":20' in done.stdout
    assert (tmp_path / "first-bytes").read_bytes() == b"\x89PNG\r\n\x1a\n"
    assert is_zipfile(tmp_path / "pictures.zip")
    assert '"b64_json"' in (tmp_path / "openai.json").read_text(encoding="utf-8")


def _as_bash(block: tuple[str, str]) -> str:
    """A block as a part of the script that has all of them."""
    kind, text = block
    if kind == "python":
        return f"TOKEN=$TOKEN {shlex.quote(sys.executable)} - <<'END'\n{text}END"
    if kind == "sh":
        return f"refused=0; {text.strip()} || refused=$?; [ $refused = {REFUSED_BY_CURL} ]"
    return text
