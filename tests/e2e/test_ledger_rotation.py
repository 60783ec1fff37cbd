"""A ledger whose key was exchanged, for readers who trusted the old one."""

import json

import pytest

from tests.e2e.test_ledger_cli import Machine, verified


class Signer(Machine):
    """A machine that hands out what it signs."""

    def hand_out(self, tmp_path, name):
        """A citation, and the options that give its proof."""
        file, proof = tmp_path / f"{name}.json", tmp_path / f"{name}.tlog-proof"
        self.run("citations", "prove", self.cite(file, name), "-o", str(proof))
        return str(file), "--proof", str(proof)

    def public(self, tmp_path, name="default"):
        file = tmp_path / f"{name}.pem"
        file.write_text(self.run("keys", "export-public", name))
        return str(file)

    def rotate(self):
        self.run("keys", "rotate", "--no-passphrase")


@pytest.fixture
def alice(tmp_path):
    return Signer(tmp_path / "alice")


@pytest.fixture
def bob(tmp_path):
    return Machine(tmp_path / "bob")


def trust(machine, name, public, *more, code=0):
    return machine.run("keys", "trust", name, "--public-key", public, *more, code=code)


def test_who_trusts_a_rotation_checks_the_ledger_as_before(alice, bob, tmp_path):
    trust(bob, "alice", alice.public(tmp_path))
    first = alice.hand_out(tmp_path, "first")
    origin = alice.ledger_key.partition("+")[0]
    for turn, (old, new) in enumerate((("alice", "alice-2"), ("alice-2", "alice-3"))):
        alice.rotate()
        trust(bob, new, alice.public(tmp_path), "--rotated-from", old)
        assert verified(bob, *alice.hand_out(tmp_path, f"later {turn}")) == ("verified", "ok")
    assert verified(bob, *first) == ("verified", "ok")
    listed = json.loads(bob.run("keys", "trust", "--list", "--json"))["signers"]
    assert [one["ledger"] for one in listed] == [None, origin, origin]
    assert bob.run("keys", "trust", "--list").count(origin) == 2


def test_an_export_after_a_trusted_rotation_extends_the_one_before(alice, bob, tmp_path):
    trust(bob, "alice", alice.public(tmp_path))
    alice.hand_out(tmp_path, "first")

    def imported(name):
        export = str(tmp_path / name)
        alice.run("citations", "export", "-o", export)
        done = json.loads(bob.run("citations", "import", export, "--json"))
        return done["size"], done["added"]

    assert imported("1.jsonl") == (1, 1)
    alice.rotate()
    trust(bob, "alice-2", alice.public(tmp_path), "--rotated-from", "alice")
    alice.hand_out(tmp_path, "second")
    assert imported("2.jsonl") == (2, 1)


def test_who_only_trusts_the_new_key_does_not_know_the_ledger(alice, bob, tmp_path):
    alice.cite(tmp_path / "x.json")
    alice.rotate()
    trust(bob, "alice", alice.public(tmp_path))
    given = alice.hand_out(tmp_path, "later")

    verdict, code = verified(bob, *given, code=3)
    assert (verdict, code) == ("undecidable", "unknown-ledger")
    assert verified(bob, *given, "--ledger-key", alice.ledger_key) == ("verified", "ok")


def test_another_trusted_signer_cannot_speak_for_the_ledger(alice, bob, tmp_path):
    """Mallory is trusted for herself, and signs a ledger under the name of Alice's."""
    trust(bob, "alice", alice.public(tmp_path))
    alice.cite(tmp_path / "x.json")
    mallory = Signer(tmp_path / "mallory")
    for file in ("ledger.sqlite3", "ledger.head"):
        (mallory.home / file).write_bytes((alice.home / file).read_bytes())
    trust(bob, "mallory", mallory.public(tmp_path))
    given = mallory.hand_out(tmp_path, "hers")

    assert mallory.ledger_key.partition("+")[0] == alice.ledger_key.partition("+")[0]
    assert verified(bob, *given, code=3) == ("undecidable", "unknown-ledger")


def test_a_key_that_took_over_a_ledger_vouches_for_it_until_it_is_distrusted(alice, bob, tmp_path):
    trust(bob, "alice", alice.public(tmp_path))
    alice.cite(tmp_path / "x.json")
    alice.rotate()
    key = alice.public(tmp_path)
    trust(bob, "alice-2", key)
    given = alice.hand_out(tmp_path, "later")
    assert verified(bob, *given, code=3) == ("undecidable", "unknown-ledger")
    # Told later, of a key that is trusted already.
    bob.run("keys", "trust", "alice-2", "--rotated-from", "alice")
    assert verified(bob, *given) == ("verified", "ok")
    bob.run("keys", "trust", "alice-2", "--identity", "Alice")
    assert verified(bob, *given) == ("verified", "ok"), "another change keeps it"
    bob.run("keys", "trust", "alice", "--remove")
    assert verified(bob, *given) == ("verified", "ok"), "the old key need not be kept"
    bob.run("keys", "trust", "alice-2", "--distrust-after", "2020-01-01")
    assert verified(bob, *given, code=1)[1] is None, "its signature is refused first"


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("alice-2", ("--rotated-from", "nobody"), 2),
        ("alice-2", ("--rotated-from", "alice-2"), 2),
        ("alice-2", ("--rotated-from", "no name"), 2),
        ("alice", ("--rotated-from", "alice", "--remove"), 2),
    ],
)
def test_a_rotation_of_nothing_is_refused(alice, bob, tmp_path, name, more, code):
    trust(bob, "alice", alice.public(tmp_path))
    before = (bob.home / "signers.json").read_bytes()
    alice.rotate()

    trust(bob, name, alice.public(tmp_path), *more, code=code)

    assert (bob.home / "signers.json").read_bytes() == before
