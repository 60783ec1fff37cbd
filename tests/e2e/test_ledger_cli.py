"""`citations prove`, `export`, `import`, `checkpoint`, `verify --proof`, between two machines."""

import base64
import json
import shutil

import pytest
from click.testing import CliRunner

from pith_agent.cli.main import main
from pith_agent.protocol.merkle import verify_consistency
from pith_agent.protocol.tlog_proof import TlogProof
from pith_agent.storage.keys import list_keys, new_key, rotate_key

PAPER = "arXiv:2402.13116"


class Machine:
    """A home, and the command line at it."""

    def __init__(self, home):
        self.home = home
        new_key(home / "keys")

    def run(self, *arguments, code=0):
        done = CliRunner().invoke(
            main, [*arguments], env={"PITH_HOME": str(self.home), "PITH_OFFLINE": "1"}
        )
        assert done.exit_code == code, done.output
        return done.stdout

    def refusal(self, *arguments, code=1):
        return json.loads(self.run(*arguments, "--json", code=code))["error"]["code"]

    def cite(self, file, name="x"):
        self.run("cite", PAPER, "-r", "cites", "--id", name, "-o", str(file))
        return json.loads(self.run("citations", "list", "--json"))["citations"][-1]["citation_id"]

    @property
    def ledger_key(self):
        return self.run("citations", "checkpoint", "--key").strip()


@pytest.fixture
def alice(tmp_path):
    return Machine(tmp_path / "alice")


@pytest.fixture
def bob(tmp_path):
    return Machine(tmp_path / "bob")


def verified(machine, *arguments, code=0):
    (result,) = json.loads(machine.run("citations", "verify", *arguments, "--json", code=code))[
        "results"
    ]
    checks = {check["name"]: check["code"] for check in result["checks"]}
    return result["verdict"], checks.get("ledger-inclusion")


def test_a_citation_is_proved_to_somebody_who_has_the_ledgers_key_only(alice, bob, tmp_path):
    files = [tmp_path / f"{n}.json" for n in range(3)]
    ids = [alice.cite(file, f"{n}") for n, file in enumerate(files)]
    proof = tmp_path / "1.tlog-proof"
    alice.run("citations", "prove", ids[1], "-o", str(proof))
    said = json.loads(alice.run("citations", "prove", ids[1], "--json"))
    signer = ["--public-key", public_of(alice)]
    given = [*signer, "--proof", str(proof), "--ledger-key", alice.ledger_key]

    assert (said["index"], said["size"], len(said["hashes"])) == (1, 3, 2)
    assert TlogProof.parse(proof.read_bytes()).index == 1
    assert verified(bob, str(files[1]), *given) == ("verified", "ok")
    assert verified(bob, str(files[0]), *given, code=1) == ("failed", "ledger-proof")
    assert verified(bob, str(files[1]), *signer) == ("verified", None)
    given[-1] = bob_key(bob, tmp_path)
    assert verified(bob, str(files[1]), *given, code=3) == ("undecidable", "unknown-ledger")
    assert verified(alice, ids[1], "--proof", str(proof)) == ("verified", "ok")


def public_of(machine):
    (entry,) = list_keys(machine.home / "keys")
    return base64.b64encode(entry.public).decode()


def bob_key(bob, tmp_path):
    bob.cite(tmp_path / "bob.json")
    return bob.ledger_key


def test_a_trusted_signers_ledger_needs_no_key_of_its_own(alice, bob, tmp_path):
    file, proof, export = (tmp_path / name for name in ("c.json", "p", "e.jsonl"))
    name = alice.cite(file)
    alice.run("citations", "prove", name, "-o", str(proof))
    alice.run("citations", "export", "-o", str(export))
    assert bob.refusal("citations", "import", str(export), code=3) == "unknown-ledger"
    bob.run("keys", "trust", "alice", "--public-key", public_of(alice))

    assert verified(bob, str(file), "--proof", str(proof)) == ("verified", "ok")
    done = json.loads(bob.run("citations", "import", str(export), "--json"))
    assert (done["size"], done["added"], done["unknown_signers"]) == (1, 1, 0)
    again = bob.run("citations", "prove", name, "--ledger", done["origin"])
    assert TlogProof.parse(again.encode()).index == 0
    assert bob.run("citations", "export", "--ledger", done["origin"]) == export.read_text("utf-8")
    assert json.loads(bob.run("citations", "list", "--json"))["size"] == 0, "it is kept apart"


def test_a_second_export_has_to_extend_the_first(alice, bob, tmp_path):
    key = ["--ledger-key"]
    exports = []
    shutil.copytree(alice.home, tmp_path / "twin")
    for n in range(2):
        alice.cite(tmp_path / "c.json", f"{n}")
        exports.append(tmp_path / f"{n}.jsonl")
        alice.run("citations", "export", "-o", str(exports[-1]))
    key.append(alice.ledger_key)
    twin = Machine.__new__(Machine)
    twin.home = tmp_path / "twin"
    for n in range(3):
        twin.cite(tmp_path / "c.json", f"forked {n}")
    forked = tmp_path / "forked.jsonl"
    twin.run("citations", "export", "-o", str(forked))

    assert "1 of them new" in bob.run("citations", "import", str(exports[0]), *key)
    assert "1 of them new" in bob.run("citations", "import", str(exports[1]), *key)
    assert bob.refusal("citations", "import", str(exports[0]), *key) == "ledger-rollback"
    assert bob.refusal("citations", "import", str(forked), *key) == "ledger-fork"
    assert "0 of them new" in bob.run("citations", "import", str(exports[1]), *key)


def test_ones_own_export_shows_that_the_ledger_was_put_back(alice, tmp_path):
    alice.cite(tmp_path / "c.json", "0")
    names = ["ledger.sqlite3", "ledger.head"]
    for name in names:
        shutil.copy(alice.home / name, tmp_path / name)
    alice.cite(tmp_path / "c.json", "1")
    export = tmp_path / "e.jsonl"
    alice.run("citations", "export", "-o", str(export))
    assert "0 of them new" in alice.run("citations", "import", str(export))

    for name in names:
        shutil.copy(tmp_path / name, alice.home / name)

    assert alice.refusal("citations", "import", str(export)) == "ledger-rollback"


def test_a_ledger_that_was_put_back_signs_nothing_and_lists_nothing(alice, tmp_path):
    alice.cite(tmp_path / "c.json", "0")
    shutil.copy(alice.home / "ledger.sqlite3", tmp_path / "old")
    alice.cite(tmp_path / "c.json", "1")
    shutil.copy(tmp_path / "old", alice.home / "ledger.sqlite3")

    citing = ("cite", PAPER, "-r", "cites", "--id", "2")
    for command in (citing, ("citations", "list"), ("citations", "checkpoint")):
        assert alice.refusal(*command) == "ledger-rollback"


def test_after_a_rotation_the_ledger_keeps_its_name_and_old_proofs_hold(alice, tmp_path):
    file, proof = tmp_path / "c.json", tmp_path / "p"
    alice.run("citations", "prove", alice.cite(file), "-o", str(proof))
    old = alice.ledger_key
    rotate_key(alice.home / "keys")
    newer, proof_of_newer = tmp_path / "d.json", tmp_path / "q"
    alice.run("citations", "prove", alice.cite(newer, "y"), "-o", str(proof_of_newer))
    new = alice.ledger_key

    assert old != new
    assert old.partition("+")[0] == new.partition("+")[0]
    for one, its_proof in ((file, proof), (newer, proof_of_newer)):
        assert verified(alice, str(one), "--proof", str(its_proof)) == ("verified", "ok")


def test_after_a_revocation_the_head_is_signed_anew_by_the_next_key(alice, bob, tmp_path):
    file, proof, export = (tmp_path / name for name in ("c.json", "p", "e.jsonl"))
    name, old = alice.cite(file), alice.ledger_key
    alice.run("keys", "revoke", "default")
    # Until there is another key, nobody could check what would be handed out.
    for command in (("prove", name), ("export",), ("checkpoint",), ("checkpoint", "--key")):
        alice.run("citations", *command, code=2)
    rotate_key(alice.home / "keys")

    new = alice.ledger_key
    assert old != new
    assert old.partition("+")[0] == new.partition("+")[0]
    alice.run("citations", "prove", name, "-o", str(proof))
    alice.run("citations", "export", "-o", str(export))
    assert verified(alice, name, "--proof", str(proof)) == ("verified", "ok")
    assert "0 of them new" in alice.run("citations", "import", str(export))
    assert "1 of them new" in bob.run("citations", "import", str(export), "--ledger-key", new)
    whole = tmp_path / "whole.json"
    alice.run("citations", "bundle", name, "-o", str(whole))
    assert verified(alice, str(whole)) == ("verified", "ok")
    note = alice.run("citations", "checkpoint")
    assert note == alice.run("citations", "checkpoint"), "it is signed anew once"


def test_a_checkpoint_is_printed_written_and_told_as_data(alice, tmp_path):
    alice.cite(tmp_path / "c.json")
    note = alice.run("citations", "checkpoint")
    alice.run("citations", "checkpoint", "-o", str(tmp_path / "note"))
    said = json.loads(alice.run("citations", "checkpoint", "--json"))

    assert (tmp_path / "note").read_text("utf-8") == note == said["checkpoint"]
    assert (said["size"], said["keys"]) == (1, [alice.ledger_key])
    assert said["origin"].startswith("pith-agent.local/")


def test_a_kept_checkpoint_shows_what_became_of_the_ledger(alice, bob, tmp_path):
    alice.cite(tmp_path / "c.json")
    kept = tmp_path / "kept"
    alice.run("citations", "checkpoint", "-o", str(kept))
    before = shutil.copytree(alice.home, tmp_path / "before")
    alice.cite(tmp_path / "d.json", "y")

    said = alice.run("citations", "checkpoint", "--since", str(kept))
    told = json.loads(alice.run("citations", "checkpoint", "--since", str(kept), "--json"))

    assert said == "Entries then: 1, all as they were. Since: 1.\n"
    then = told["since"]
    verify_consistency(
        then["size"],
        base64.b64decode(then["root"]),
        told["size"],
        base64.b64decode(told["root"]),
        [base64.b64decode(one) for one in then["proof"]],
    )
    # The whole directory is put back, and another citation is signed in its place.
    newer = tmp_path / "newer"
    alice.run("citations", "checkpoint", "-o", str(newer))
    shutil.rmtree(alice.home)
    before.rename(alice.home)
    since = ("citations", "checkpoint", "--since")
    assert alice.refusal(*since, str(newer)) == "ledger-rollback"
    alice.cite(tmp_path / "e.json", "z")
    assert alice.refusal(*since, str(newer)) == "ledger-fork"
    assert alice.run(*since, str(kept)).endswith("Since: 1.\n")
    bob.cite(tmp_path / "f.json")
    assert bob.refusal(*since, str(kept), code=3) == "unknown-ledger"
    (tmp_path / "none").write_bytes(b"none")
    assert alice.refusal(*since, str(tmp_path / "none")) == "malformed-checkpoint"
    assert alice.refusal(*since, str(tmp_path / "absent"), code=2) == "unreadable-file"


def test_a_checkpoint_of_an_imported_ledger_is_compared_with_the_key_that_is_named(
    alice, bob, tmp_path
):
    kept, export = tmp_path / "kept", tmp_path / "e.jsonl"
    alice.cite(tmp_path / "c.json", "0")
    alice.run("citations", "checkpoint", "-o", str(kept))
    alice.cite(tmp_path / "c.json", "1")
    alice.run("citations", "export", "-o", str(export))
    key = ("--ledger-key", alice.ledger_key)
    done = json.loads(bob.run("citations", "import", str(export), *key, "--json"))
    of_it = ("citations", "checkpoint", "--ledger", done["origin"])

    assert bob.run(*of_it, "--since", str(kept), *key).endswith("Since: 1.\n")
    assert bob.refusal(*of_it, "--since", str(kept), code=3) == "unknown-ledger"
    kept.write_bytes(kept.read_bytes().replace(b"\n1\n", b"\n2\n"))
    assert bob.refusal(*of_it, "--since", str(kept), *key) == "checkpoint-signature"
    assert bob.run(*of_it, "--key", *key).strip() == alice.ledger_key
    # Not an empty line, which would look like a key that was lost.
    assert bob.refusal(*of_it, "--key") == "checkpoint-signature"
    bob.run(*of_it, "--since", str(kept), "--key", *key, code=2)


@pytest.mark.parametrize(
    ("arguments", "expected", "code"),
    [
        (("prove", f"pcite:{'0' * 64}"), "not-found", 6),
        (("prove", f"pcite:{'0' * 64}", "--ledger", "x"), "not-found", 6),
        (("import", "nowhere.jsonl"), "store-unavailable", 5),
        (("import", "nowhere.jsonl", "--ledger-key", "x"), "invalid-setting", 2),
        (("verify", "missing", "--proof", "nowhere"), "unreadable-file", 2),
    ],
)
def test_what_is_not_there_is_said_with_its_code(alice, tmp_path, arguments, expected, code):
    alice.cite(tmp_path / "c.json")

    assert alice.refusal("citations", *arguments, code=code) == expected


def test_a_machine_without_keys_says_that_it_has_no_such_citation(tmp_path):
    machine = Machine(tmp_path / "new")
    shutil.rmtree(machine.home)

    assert machine.refusal("citations", "prove", f"pcite:{'0' * 64}", code=6) == "not-found"


def test_where_there_is_no_policy_that_is_said_and_is_no_error(alice):
    assert "No policy applies here" in alice.run("citations", "policy")
    assert json.loads(alice.run("citations", "policy", "--json")) is None


def test_a_proof_is_of_one_citation(alice, tmp_path):
    alice.run("citations", "verify", "a", "b", "--proof", str(tmp_path / "p"), code=2)
