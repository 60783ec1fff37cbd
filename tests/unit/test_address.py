"""Which addresses may be asked."""

import pytest

from pith_agent.errors import SettingsError, UnsafeRedirectError
from pith_agent.network.address import (
    admits,
    allowed_origins,
    next_url,
    parse_base,
    require_allowed,
)


@pytest.mark.parametrize(
    ("text", "shown", "reach"),
    [
        ("https://pith.science", "https://pith.science", "public"),
        ("https://pith.science/", "https://pith.science", "public"),
        ("https://PITH.science:443/", "https://pith.science", "public"),
        ("https://example.org:8443/pith/", "https://example.org:8443/pith", "public"),
        ("https://1.1.1.1", "https://1.1.1.1", "public"),
        ("https://192.168.1.5", "https://192.168.1.5", "private"),
        ("https://mirror", "https://mirror", "private"),
        ("https://mirror.home.arpa", "https://mirror.home.arpa", "private"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765", "loopback"),
        ("http://localhost:8765", "http://localhost:8765", "loopback"),
        ("http://[::1]:8765", "http://[::1]:8765", "loopback"),
    ],
)
def test_a_base_url_is_read_and_says_where_its_host_may_lie(text, shown, reach):
    base = parse_base(text)

    assert (str(base), base.origin.reach) == (shown, reach)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pith.science",
        "ftp://pith.science",
        "file:///etc/passwd",
        "https://",
        "https://user@pith.science",
        "https://user:secret@pith.science",
        "https://pith.science?key=1",
        "https://pith.science?",
        "https://pith.science#top",
        "https://pith.science:port",
        "https://pith.science:99999",
        "https://pith.science\\@evil.example",
        "https://pith.science\n",
        "https://ріth.science",
        "http://pith.science",
        "http://192.168.1.5",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
    ],
)
def test_a_base_url_is_refused_when_it_is_not_a_plain_https_address(text):
    with pytest.raises(SettingsError) as error:
        parse_base(text)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("reach", "address", "admitted"),
    [
        ("public", "93.184.215.14", True),
        ("public", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("public", "127.0.0.1", False),
        ("public", "10.0.0.1", False),
        ("public", "100.64.0.1", False),
        ("public", "169.254.169.254", False),
        ("public", "0.0.0.0", False),
        ("public", "224.0.0.1", False),
        ("public", "::1", False),
        ("public", "fe80::1%eth0", False),
        ("public", "fd00::1", False),
        ("public", "::ffff:127.0.0.1", False),
        ("public", "::ffff:93.184.215.14", True),
        ("public", "64:ff9b::a9fe:a9fe", False),
        ("public", "64:ff9b::5db8:d70e", True),
        ("public", "2002:7f00:1::", False),
        ("public", "not an address", False),
        ("loopback", "127.0.0.1", True),
        ("loopback", "::1", True),
        ("loopback", "10.0.0.1", False),
        ("loopback", "93.184.215.14", False),
        ("private", "10.0.0.1", True),
        ("private", "93.184.215.14", True),
    ],
)
def test_a_host_may_only_have_an_address_of_its_reach(reach, address, admitted):
    assert admits(reach, address) is admitted


@pytest.mark.parametrize(
    "url",
    [
        "https://pith.science/pith/X",
        "https://www.pith.science/pith/X",
        "https://mirror.example:8443/anything",
    ],
)
def test_configured_hosts_and_the_registry_s_other_name_may_be_asked(url):
    bases = (parse_base("https://pith.science"), parse_base("https://mirror.example:8443/base"))

    assert require_allowed(url, allowed_origins(bases))


@pytest.mark.parametrize(
    "url",
    [
        "http://pith.science/pith/X",
        "https://pith.science:444/pith/X",
        "https://user@pith.science/pith/X",
        "https://pith.science@evil.example/",
        "https://evil.example/pith/X",
        "https://pith.science.evil.example/",
        "https://mirror.example/anything",
        "https://pith.science\\.evil.example/",
        "https://pith.science/\n",
        "https:///pith/X",
        "https://[::1/",
        "javascript:alert(1)",
        "data:application/json,{}",
        "file:///etc/passwd",
        "//evil.example/",
        "",
    ],
)
def test_anything_else_is_not_asked(url):
    bases = (parse_base("https://pith.science"), parse_base("https://mirror.example:8443/base"))

    with pytest.raises(UnsafeRedirectError):
        require_allowed(url, allowed_origins(bases))


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/pith/Y", "https://pith.science/pith/Y"),
        ("Y.json", "https://pith.science/pith/Y.json"),
        ("//evil.example/pith/Y", "https://evil.example/pith/Y"),
        ("https://www.pith.science/pith/Y#top", "https://www.pith.science/pith/Y"),
    ],
)
def test_a_redirect_is_read_relative_to_the_address_that_gave_it(location, url):
    assert next_url("https://pith.science/pith/X", location) == url
