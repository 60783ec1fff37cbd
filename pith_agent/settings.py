"""Settings, built once at the edge and passed down.

Explicit argument > command-line flag > `PITH_*` variable > default. There is no config file;
see docs/explanation/decisions.md. A signing key is a file; only where there is none, as in CI, it
may come from a variable, and then it is held in a form that does not show itself.
"""

import base64
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pith_agent.errors import SettingsError
from pith_agent.protocol.trust import TrustRoot

if TYPE_CHECKING:
    from pith_agent.protocol.citation import CitationKey

REGISTRY = "https://pith.science"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between two runs of the same program."""

    home: Path
    """Directory of the store, the ledger and the keys. `PITH_HOME`."""
    registry: tuple[str, ...] = (REGISTRY,)
    """Base URLs, asked in this order. `PITH_REGISTRY`, separated by spaces."""
    offline: bool = False
    """Whether the network is switched off. `PITH_OFFLINE`, 0 or 1."""
    trust_root: Path | None = None
    """A trust root file instead of the bundled one. `PITH_TRUST_ROOT`."""
    key_file: Path | None = None
    """The signing key, if not the one in `home`. `PITH_KEY_FILE`."""
    passphrase_file: Path | None = None
    """A private file with the passphrase of the signing key. `PITH_PASSPHRASE_FILE`."""
    agent_key: "CitationKey | None" = field(default=None, repr=False)
    """The signing key where there is no key file. `PITH_AGENT_KEY`, a seed in base64."""
    timeout: float = 30.0
    """Seconds for one document, all tries and redirects included. `PITH_TIMEOUT`."""

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str] | None = None,
        *,
        home: Path | None = None,
        registry: tuple[str, ...] = (),
        offline: bool = False,
        trust_root: Path | None = None,
        passphrase_file: Path | None = None,
    ) -> Self:
        """Combine flags, which win, with the `PITH_*` variables.

        Raises:
            SettingsError: A variable has a value that cannot be used.
        """
        env = _Variables(os.environ if environment is None else environment)
        return cls(
            home=home or _path(env, "PITH_HOME") or _default_home(),
            registry=registry or tuple((env.get("PITH_REGISTRY") or REGISTRY).split()),
            offline=offline or _flag(env, "PITH_OFFLINE"),
            trust_root=trust_root or _path(env, "PITH_TRUST_ROOT"),
            key_file=_path(env, "PITH_KEY_FILE"),
            passphrase_file=passphrase_file or _path(env, "PITH_PASSPHRASE_FILE"),
            agent_key=_key(env, "PITH_AGENT_KEY"),
            timeout=_seconds(env, "PITH_TIMEOUT", 30.0),
        )

    def load_trust(self) -> TrustRoot:
        """The trusted keys: those of the file, or those that come with the package.

        Raises:
            SettingsError: The file cannot be read, or is no trust root.
        """
        if self.trust_root is None:
            return TrustRoot.bundled()
        try:
            return TrustRoot.load(self.trust_root.read_bytes())
        except OSError as error:
            raise SettingsError(f"The trust root cannot be read: {error}.") from error

    @property
    def store_path(self) -> Path:
        """The store of records."""
        return self.home / "store.sqlite3"

    @property
    def ledger_path(self) -> Path:
        """The ledger of signed citations."""
        return self.home / "ledger.sqlite3"

    @property
    def policy_path(self) -> Path:
        """The policy: whose signed citations count. There need be none."""
        return self.home / "policy.toml"

    @property
    def key_directory(self) -> Path:
        """The directory of signing keys."""
        return self.home / "keys"


class _Variables(Mapping[str, str]):
    """Variables that a traceback with local variables does not show: a key may be among them."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> str:
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __repr__(self) -> str:
        return "<variables>"


def _default_home() -> Path:
    # Imported here, as the key is below: a build of documentation uses neither.
    import platformdirs  # noqa: PLC0415

    return platformdirs.user_data_path("pith-agent")


def _path(env: Mapping[str, str], name: str) -> Path | None:
    if not env.get(name):
        return None
    try:
        return Path(env[name]).expanduser()
    except RuntimeError as error:
        raise SettingsError(f"{name} is {env[name]!r}: {error}") from error


def _key(env: Mapping[str, str], name: str) -> "CitationKey | None":
    if not env.get(name):
        return None
    # Read in a frame that has ended before anything is raised: some tracebacks show variables.
    key = _key_of(env, name)
    if key is None:
        raise SettingsError(f"{name} is no seed of 32 bytes in base64.")
    return key


def _key_of(env: Mapping[str, str], name: str) -> "CitationKey | None":
    from pith_agent.protocol.citation import CitationKey  # noqa: PLC0415

    try:
        seed = base64.b64decode(env[name], validate=True)
    except ValueError:
        return None
    return CitationKey(seed) if len(seed) == CitationKey.SEED_BYTES else None


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "0")
    if value not in ("", "0", "1"):
        raise SettingsError(f"{name} is {value!r}; it may be 0 or 1.")
    return value == "1"


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(env.get(name) or default)
    except ValueError as error:
        raise SettingsError(f"{name} is {env[name]!r}, not a number of seconds.") from error
    if not 0 < value <= 600:
        raise SettingsError(f"{name} is {value:g}; it may be up to 600 seconds.")
    return value
