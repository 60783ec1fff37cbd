"""Run a command where the loopback interface is the only network there is.

    python tests/loopback.py COMMAND...

Linux only: it makes a network namespace of its own. Where the system does not allow that, it says
so and runs nothing.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x41
INSIDE = "PITH_LOOPBACK_ONLY"


def main(command: list[str]) -> int:
    """Run `command` in the namespace; its exit status."""
    if os.environ.get(INSIDE):
        _raise_loopback()
        os.execvp(command[0], command)
    unshare = shutil.which("unshare")
    if not unshare or subprocess.run([unshare, "-rn", "true"], check=False).returncode != 0:
        sys.stderr.write("loopback: no network namespace can be made here; not run.\n")
        return 0
    inside = [unshare, "-rn", sys.executable, __file__, *command]
    return subprocess.run(inside, env={**os.environ, INSIDE: "1"}, check=False).returncode


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh", b"lo", IFF_UP_RUNNING)
        fcntl.ioctl(control.fileno(), SIOCSIFFLAGS, request)
    if sorted(name for _, name in socket.if_nameindex()) != ["lo"]:
        raise SystemExit("loopback: there are other interfaces; not run.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
