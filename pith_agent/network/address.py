"""Which addresses may be asked: the configured registries, and no others.

A redirect, or a name that suddenly resolves to a machine of the local network, must not make
this program ask something that its user did not configure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, urljoin, urlsplit

from pith_agent.errors import SettingsError, UnsafeRedirectError

Reach: TypeAlias = Literal["public", "private", "loopback"]
"""Where a host may lie: on the internet only, anywhere, or on this machine only."""

PORTS = {"https": 443, "http": 80}
TWINS = {"pith.science": "www.pith.science", "www.pith.science": "pith.science"}
"""Two names of one registry, which may redirect to each other."""

PRIVATE_NAMES = (".localhost", ".local", ".internal", ".home.arpa")
"""Names that never belong to the public internet (RFC 6761, 6762, 8375; ICANN 2024)."""

_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what may be asked."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without brackets."""
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def reach(self) -> Reach:
        """Where the host may lie, going by what was configured and never by what it resolves to."""
        if self.scheme == "http":
            return "loopback"
        address = _address(self.host)
        if address is None:
            local = "." not in self.host or self.host.endswith(PRIVATE_NAMES)
            return "private" if local else "public"
        return "public" if is_public(address) else "private"


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """The address that a registry's paths are appended to."""

    origin: Origin
    path: str = ""
    """Without a slash at the end."""

    def __str__(self) -> str:
        return f"{self.origin}{self.path}"


def parse_base(text: str) -> BaseUrl:
    """Read a registry's base URL: https, or http on this machine.

    Raises:
        SettingsError: It is something else, or carries a user name, a query or a fragment.
    """
    parts = _split(text)
    if parts is None or parts.scheme not in PORTS or not parts.hostname or not text.isascii():
        raise SettingsError(f"{text[:80]!a} is no registry address: give an https URL.")
    if "@" in parts.netloc:
        # Not quoted: it may hold a password.
        raise SettingsError("A registry address may not hold a user name or password.")
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise SettingsError(f"{text[:80]!a} is no registry address: it has a query or fragment.")
    origin = _origin(parts)
    if origin.scheme == "http" and not is_loopback(origin.host):
        raise SettingsError(f"{text[:80]!a}: http is allowed on this machine only; use https.")
    return BaseUrl(origin, parts.path.rstrip("/"))


def parse_bases(texts: tuple[str, ...]) -> tuple[BaseUrl, ...]:
    """Read the base URLs of a registry and its mirrors.

    Raises:
        SettingsError: There is none, or one is refused by `parse_base`.
    """
    if not texts:
        raise SettingsError("No registry address is given.")
    return tuple(parse_base(text) for text in texts)


def allowed_origins(bases: Iterable[BaseUrl]) -> frozenset[Origin]:
    """What may be asked when these registries are configured."""
    origins = {base.origin for base in bases}
    twins = {Origin(one.scheme, TWINS[one.host], one.port) for one in origins if one.host in TWINS}
    return frozenset(origins | twins)


def require_allowed(url: str, origins: frozenset[Origin]) -> Origin:
    """The origin of `url`, which is one of `origins`.

    Raises:
        UnsafeRedirectError: It is not, or the URL carries a user name.
    """
    parts = _split(url)
    if parts is None or parts.scheme not in PORTS or not parts.hostname or not url.isascii():
        raise UnsafeRedirectError("The answer leads to something that is no web address.")
    if "@" in parts.netloc:
        raise UnsafeRedirectError("The answer leads to an address with a user name.")
    origin = _origin(parts)
    if origin not in origins:
        raise UnsafeRedirectError(
            f"The answer leads to {str(origin)[:120]}, which is no configured registry."
        )
    return origin


def next_url(url: str, location: str) -> str:
    """Where a redirect leads; the fragment is dropped.

    Raises:
        UnsafeRedirectError: Nowhere.
    """
    try:
        return urljoin(url, location).partition("#")[0]
    except ValueError as error:
        raise UnsafeRedirectError(
            "The answer leads to something that is no web address."
        ) from error


def admits(reach: Reach, address: str) -> bool:
    """Whether a host of that reach may have this IP address."""
    found = _address(address)
    if found is None:
        return False
    match reach:
        case "public":
            return is_public(found)
        case "loopback":
            return found.is_loopback
        case "private":
            return True


def is_loopback(host: str) -> bool:
    """Whether a host, by its name or address, is this machine."""
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is on the internet, and so is the IPv4 address hidden in it, if any."""
    if isinstance(address, IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            hidden = IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(hidden)
    return address.is_global and not address.is_multicast


def _split(text: str) -> SplitResult | None:
    # urlsplit drops tabs and line ends, and a browser takes a backslash for a slash.
    if not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port  # Read here because a bad port is an error only when it is read.
    except ValueError:
        return None
    return parts


def _origin(parts: SplitResult) -> Origin:
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    return Origin(parts.scheme, parts.hostname or "", port)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
