"""policy.toml: whose citations count, and for what."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from pith_agent.errors import PolicyError
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.citation_policy import parse_policy, policy_lines

RAW, RAW_OTHER = (CitationKey(bytes([n]) * 32).public for n in (1, 2))
KEY, OTHER = (base64.b64encode(raw).decode() for raw in (RAW, RAW_OTHER))


def policy(text: str = "", signers: str = ""):
    return parse_policy(f"policy_version = 1\n{text}\n{signers}".encode())


def signer(key: str = KEY, more: str = "") -> str:
    return f'[[signer]]\npublic_key = "{key}"\n{more}\n'


def test_a_policy_says_whose_citations_count_and_for_what():
    read = policy(
        'threshold = 2\nrelationships = ["cites", "supports"]\nmax_age_days = 30\n'
        "require_record = false",
        signer(more='name = "bot"\nidentity = "CI"\nrelationships = ["cites"]\nuntil = 2027-06-30')
        + signer(OTHER),
    )

    assert (read.threshold, read.max_age, read.require_record) == (2, timedelta(days=30), False)
    assert read.relationships == {"cites", "supports"}
    bot, other = read.signers
    assert (bot.public, bot.name, bot.identity) == (RAW, "bot", "CI")
    assert (bot.may("cites"), bot.may("supports"), bot.may(None)) == (True, False, True)
    assert bot.until == datetime(2027, 6, 30, 23, 59, 59, 999999, UTC)
    assert (other.may("refutes"), other.until) == (True, None)


def test_what_is_not_said_is_the_strictest_that_one_signer_can_meet():
    read = policy()

    assert (read.threshold, read.require_record, read.signers) == (1, True, ())
    # What comes from beside the statement is required only of those who are told so.
    assert (read.require_citing_document, read.require_inclusion) == (False, False)


@pytest.mark.parametrize(
    "text",
    [
        "policy_version = 2",
        "",
        "policy_version = 1\nthreshhold = 2",
        "policy_version = 1\nthreshold = 0",
        "policy_version = 1\nthreshold = -1",
        "policy_version = 1\nthreshold = true",
        "policy_version = 1\nthreshold = 17",
        'policy_version = 1\nrelationships = ["likes"]',
        'policy_version = 1\nrelationships = "cites"',
        "policy_version = 1\nmax_age_days = 0",
        "policy_version = 1\nrequire_record = 1",
        'policy_version = 1\nrequire_inclusion = "true"',
        "policy_version = 1\nrequire_citing_document = 1",
        "policy_version = 1\nsigner = 1",
        'policy_version = 1\n[[signer]]\npublic_key = "AAAA"',
        "policy_version = 1\n[[signer]]\nname = 'x'",
        f"policy_version = 1\n{signer(more='key = 1')}",
        f"policy_version = 1\n{signer(more='until = 2027-06-30T00:00:00Z')}",
        f"policy_version = 1\n{signer()}{signer()}",
        f"policy_version = 1\nthreshold = 2\n{signer()}",
        "policy_version = 1\nthreshold = 1\nthreshold = 2",
        "\x00",
        "[" * 10_000,
    ],
)
def test_a_policy_that_could_be_misread_is_refused(text):
    with pytest.raises(PolicyError):
        parse_policy(text.encode())


def test_all_faults_are_named_at_once():
    with pytest.raises(PolicyError) as caught:
        policy("threshold = 0\nmax_age_days = 0", signer("AAAA"))

    for part in ("threshold", "max_age_days", "signer 1: public_key"):
        assert part in str(caught.value)


def test_bytes_that_are_no_text_and_files_that_are_too_large_are_refused():
    for data in (b"\xff", b"#" * (300 << 10)):
        with pytest.raises(PolicyError):
            parse_policy(data)


def test_a_policy_is_told_in_sentences():
    read = policy(
        'threshold = 2\nrelationships = ["cites"]\nmax_age_days = 30\nrequire_record = false',
        signer(more='name = "bot"\nidentity = "CI"\nrelationships = ["cites"]\nuntil = 2027-06-30')
        + signer(OTHER, more='name = "ann"'),
    )

    first, *rest = policy_lines(read)
    assert first == f"policy.toml@1, SHA-256 {read.sha256}"
    assert rest == [
        "A citation is signed by 2 signers of:",
        f"  {read.signers[0].keyid[:16]} bot (CI): cites, up to 2027-06-30",
        f"  {read.signers[1].keyid[:16]} ann: anything",
        "It says of a paper: cites.",
        "It is at most 30 days old, by its own time.",
        "The cited record need not be at hand; one that is refuted is never accepted.",
    ]
    asked = policy_lines(policy("require_citing_document = true\nrequire_inclusion = true"))
    assert asked[-2:] == [
        "The document that cites is at hand, and is the one that was signed.",
        "A proof shows it in a ledger that is trusted.",
    ]
    assert "the keys of this machine" in "\n".join(policy_lines(policy()))
