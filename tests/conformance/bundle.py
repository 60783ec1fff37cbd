"""The MCP bundle: a manifest and a requirement, packed for hosts that bring uv with them."""

import json
import zipfile

from tests.conformance.programs import BUILD, ROOT, Outcome, run_tool

BUNDLE = ROOT / "mcpb"
PACK_SECONDS = 120


def run_bundle() -> list[Outcome]:
    """Validate the manifest, and pack build/conformance/pith-agent-VERSION.mcpb."""
    manifest = BUNDLE / "manifest.json"
    version = json.loads(manifest.read_text("utf-8"))["version"]
    packed = BUILD / f"pith-agent-{version}.mcpb"
    packed.unlink(missing_ok=True)
    valid = run_tool("mcpb", "validate", str(manifest), seconds=PACK_SECONDS)
    made = run_tool("mcpb", "pack", str(BUNDLE), str(packed), seconds=PACK_SECONDS)
    names: list[str] = []
    if packed.exists():
        with zipfile.ZipFile(packed) as archive:
            names = sorted(archive.namelist())
    wanted = ["manifest.json", "pyproject.toml", "server.py"]
    return [
        Outcome("mcpb validate", (valid.stdout + valid.stderr).strip()[-80:], not valid.returncode),
        Outcome("mcpb pack", ", ".join(names), not made.returncode and names == wanted),
    ]
