"""Exports: checked whole, kept apart, and compared with what was known before."""

import base64
import contextlib
import json

import pytest

from pith_agent import verify
from pith_agent.errors import CitationError, LedgerProofError, PithError, UnknownLedgerError
from pith_agent.protocol.bibliography import (
    MAX_PAPERS,
    BibliographyRequest,
    draft_bibliography,
)
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.checkpoint import (
    Checkpoint,
    NoteKey,
    claimed_checkpoint,
    origin_of,
    sign_checkpoint,
)
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.merkle import Tree, leaf_hash
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_export import (
    MAX_HEADER_BYTES,
    MAX_LINE_BYTES,
    ExportFile,
    Header,
    export_ledger,
    foreign_path,
    import_ledger,
)
from tests.documents import CITING_KEY, NOW, TRUST, request, signed_compact, statement
from tests.unit.test_ledger import RECORD, envelope
from tests.unit.test_ledger_tree import rewritten

OTHER_KEY = CitationKey(bytes(range(32)))
ORIGIN = origin_of(CITING_KEY.public)
KEYS = [NoteKey(ORIGIN, CITING_KEY.public)]
WRITTEN = [envelope(f"{n}") for n in range(9)]


def export_of(path, envelopes, key=CITING_KEY):
    """The lines of the export of a new ledger."""
    with contextlib.closing(Ledger.open(path)) as ledger:
        ledger.append(envelopes, key)
        return list(export_ledger(ledger, ledger.head()))


@pytest.fixture
def lines(tmp_path):
    return export_of(tmp_path / "own" / "ledger.sqlite3", WRITTEN)


@pytest.fixture
def take(tmp_path):
    """Import lines, as a user would, into one directory of foreign ledgers."""

    def imported(lines, keys=KEYS, signers=()):
        file = tmp_path / "export.jsonl"
        file.write_bytes(b"".join(lines))
        return import_ledger(ExportFile(file, keys, signers), tmp_path / "ledgers")

    return imported


def kept(tmp_path):
    with contextlib.closing(Ledger.reading(foreign_path(tmp_path / "ledgers", ORIGIN))) as ledger:
        return [entry.envelope for entry in ledger.entries()]


def test_an_export_is_a_header_and_the_envelopes_in_order(lines):
    header = json.loads(lines[0])

    assert list(header) == ["format", "origin", "size", "root", "checkpoint"]
    assert (header["format"], header["origin"], header["size"]) == (
        "pith-agent-ledger/1",
        ORIGIN,
        9,
    )
    said, _ = claimed_checkpoint(header["checkpoint"].encode())
    assert base64.b64decode(header["root"]) == said.root
    assert lines[1:] == [one.canonical() + b"\n" for one in WRITTEN]


def test_an_export_is_kept_in_a_file_of_its_own_and_can_be_exported_again(lines, take, tmp_path):
    done = take(lines)

    assert (done.origin, done.size, done.added, done.unknown_signers) == (ORIGIN, 9, 9, 0)
    assert kept(tmp_path) == WRITTEN
    path = foreign_path(tmp_path / "ledgers", ORIGIN)
    with contextlib.closing(Ledger.reading(path)) as ledger:
        assert list(export_ledger(ledger, ledger.head())) == lines
        assert ledger.prove(WRITTEN[4].citation_id).verify(WRITTEN[4].canonical(), KEYS).size == 9
    assert {one.stem for one in (tmp_path / "ledgers").iterdir()} == {path.stem}


def test_an_export_that_grew_adds_what_is_new(take, tmp_path):
    assert take(export_of(tmp_path / "a.sqlite3", WRITTEN[:4])).added == 4
    assert take(export_of(tmp_path / "b.sqlite3", WRITTEN)).added == 5
    assert take(export_of(tmp_path / "c.sqlite3", WRITTEN)).added == 0
    assert kept(tmp_path) == WRITTEN


def test_ledgers_of_two_origins_do_not_touch_each_other(take, tmp_path):
    take(export_of(tmp_path / "a.sqlite3", WRITTEN[:4]))
    keys = [NoteKey(origin_of(OTHER_KEY.public), OTHER_KEY.public)]
    take(export_of(tmp_path / "b.sqlite3", WRITTEN[4:], OTHER_KEY), keys)

    assert kept(tmp_path) == WRITTEN[:4]
    assert len(list((tmp_path / "ledgers").glob("*.sqlite3"))) == 2


def test_an_empty_ledger_can_be_exported_and_imported(take, tmp_path):
    with contextlib.closing(Ledger.open(tmp_path / "a.sqlite3")) as ledger:
        lines = list(export_ledger(ledger, ledger.sign_head(CITING_KEY)))

    assert take(lines).size == 0
    assert take(export_of(tmp_path / "b.sqlite3", WRITTEN)).added == 9


def header(**changes):
    def change(lines):
        said = json.loads(lines[0]) | changes
        lines[0] = json.dumps(said).encode() + b"\n"

    return change


def swap(lines):
    lines[3], lines[4] = lines[4], lines[3]


def exchange(lines):
    lines[3] = envelope("another").canonical() + b"\n"


def spell(lines):
    lines[3] = json.dumps(json.loads(lines[3])).encode() + b"\n"


def alter(lines):
    lines[3] = lines[3].replace(b'"payload":"ey', b'"payload":"ez')


def resign(lines):
    """Another checkpoint, of the altered entries, by a key that is not the ledger's."""
    said = json.loads(lines[0])
    said["checkpoint"] = said["checkpoint"].replace("\n9\n", "\n8\n")
    lines[0] = json.dumps(said | {"size": 8}).encode() + b"\n"


TAMPERED = {
    "cut by an entry": (lambda lines: lines.pop(), "ledger-proof"),
    "cut within an entry": (lambda lines: lines.append(lines.pop()[:-9]), "ledger-proof"),
    "the first entry cut": (lambda lines: lines.pop(1), "ledger-proof"),
    "one too many": (lambda lines: lines.append(lines[-1]), "ledger-proof"),
    "reordered": (swap, "ledger-proof"),
    "another entry": (exchange, "ledger-proof"),
    "an altered entry": (alter, "ledger-proof"),
    "another spelling": (spell, "ledger-proof"),
    "an empty line": (lambda lines: lines.insert(3, b"\n"), "ledger-proof"),
    "no entry": (lambda lines: lines.__setitem__(3, b"[]\n"), "ledger-proof"),
    "a line without end": (lambda lines: lines.append(b"x" * 300_000), "ledger-proof"),
    "no header": (lambda lines: lines.pop(0), "malformed-checkpoint"),
    "nothing": (lambda lines: lines.clear(), "malformed-checkpoint"),
    "another size in the header": (header(size=8), "malformed-checkpoint"),
    "another root in the header": (header(root="A" * 43 + "="), "malformed-checkpoint"),
    "another origin in the header": (header(origin="x"), "malformed-checkpoint"),
    "another format": (header(format="pith-agent-ledger/2"), "malformed-checkpoint"),
    "a field more": (header(more=1), "malformed-checkpoint"),
    "no checkpoint": (header(checkpoint="x"), "malformed-checkpoint"),
    "half of a surrogate pair": (header(checkpoint="\udcff"), "malformed-checkpoint"),
    "an altered checkpoint": (resign, "checkpoint-signature"),
}


@pytest.mark.parametrize(("tamper", "code"), TAMPERED.values(), ids=TAMPERED)
def test_an_export_that_was_tampered_with_is_refused_and_nothing_is_kept(
    lines, take, tmp_path, tamper, code
):
    tamper(lines)

    with pytest.raises(CitationError) as caught:
        take(lines)

    assert caught.value.code == code
    assert not (tmp_path / "ledgers").exists()


def test_an_export_by_a_key_that_is_not_trusted_is_refused(lines, take):
    for keys in ([], [NoteKey(ORIGIN, OTHER_KEY.public)], [NoteKey("x", CITING_KEY.public)]):
        with pytest.raises(UnknownLedgerError) as caught:
            take(lines, keys)
        assert caught.value.code == "unknown-ledger"


def test_an_export_that_is_older_than_the_last_is_a_rollback(take, tmp_path):
    take(export_of(tmp_path / "a.sqlite3", WRITTEN))

    with pytest.raises(CitationError) as caught:
        take(export_of(tmp_path / "b.sqlite3", WRITTEN[:4]))

    assert caught.value.code == "ledger-rollback"
    assert kept(tmp_path) == WRITTEN


@pytest.mark.parametrize("size", [4, 9])
def test_an_export_with_another_history_than_the_last_is_a_fork(take, tmp_path, size):
    take(export_of(tmp_path / "a.sqlite3", WRITTEN[:4]))

    with pytest.raises(CitationError) as caught:
        take(export_of(tmp_path / "b.sqlite3", [envelope("forked"), *WRITTEN[1:size]]))

    assert caught.value.code == "ledger-fork"
    assert kept(tmp_path) == WRITTEN[:4]


def test_a_kept_ledger_that_was_cut_short_is_noticed_at_the_next_import(lines, take, tmp_path):
    take(lines)
    foreign_path(tmp_path / "ledgers", ORIGIN).unlink()

    with pytest.raises(CitationError) as caught:
        take(lines)
    assert caught.value.code == "ledger-rollback"


def signed_by_another(lines, tmp_path):
    """The export of a ledger whose last entry names a key that did not sign it."""
    forged = json.loads(envelope("forged").canonical())
    forged["signatures"][0]["sig"] = json.loads(lines[1])["signatures"][0]["sig"]
    one = type(WRITTEN[0]).model_validate_json(canonical_bytes(forged))
    return export_of(tmp_path / "forged.sqlite3", [*WRITTEN, one])


def test_an_entry_that_names_a_known_key_falsely_is_refused(lines, take, tmp_path):
    with pytest.raises(PithError) as caught:
        take(signed_by_another(lines, tmp_path))
    assert caught.value.code == "invalid-signature"


def test_entries_of_unknown_signers_are_kept_and_counted(take, tmp_path):
    signed = [OTHER_KEY.sign(statement(RECORD, statement=f"other {n}")) for n in range(3)]
    lines = export_of(tmp_path / "a.sqlite3", [*WRITTEN, *signed])

    assert take(lines).unknown_signers == 3
    assert take(lines, signers=[OTHER_KEY.public]).unknown_signers == 0


def test_an_entry_that_was_rewritten_ends_an_export(tmp_path):
    path = tmp_path / "a.sqlite3"
    export_of(path, [envelope(f"{n}") for n in range(21)])
    rewritten(path, 5, upwards=2)

    with contextlib.closing(Ledger.open(path)) as ledger, pytest.raises(CitationError) as caught:
        list(export_ledger(ledger, ledger.head()))
    assert caught.value.code == "ledger-fork"


def signed_over(leaves, size):
    """An export whose owner signs that `leaves` are a ledger of `size` entries."""
    tree = Tree(leaf_hash(one.canonical()) for one in leaves)
    note = sign_checkpoint(Checkpoint(ORIGIN, size, tree.root()), CITING_KEY.checkpoint_key())
    header = Header.of(note).model_dump_json().encode() + b"\n"
    return [header, *(one.canonical() + b"\n" for one in leaves)]


@pytest.mark.parametrize("size", [8, 10])
def test_a_size_that_the_owner_signed_and_the_entries_do_not_have_is_refused(take, tmp_path, size):
    assert take(signed_over(WRITTEN[:2], 2)).added == 2
    before = kept(tmp_path)

    with pytest.raises(LedgerProofError) as caught:
        ExportFile(written(tmp_path, signed_over(WRITTEN, size)), KEYS)

    assert caught.value.code == "ledger-proof"
    assert kept(tmp_path) == before


def test_a_citation_that_is_twice_in_a_signed_ledger_is_refused(tmp_path):
    with pytest.raises(LedgerProofError) as caught:
        ExportFile(written(tmp_path, signed_over([*WRITTEN, WRITTEN[2]], 10)), KEYS)
    assert caught.value.code == "ledger-proof"


def written(tmp_path, lines):
    file = tmp_path / "signed.jsonl"
    file.write_bytes(b"".join(lines))
    return file


@pytest.mark.parametrize("entries", [WRITTEN[:8], WRITTEN[::-1], [*WRITTEN, envelope("more")]])
def test_entries_that_changed_after_they_were_checked_are_not_kept(tmp_path, lines, entries):
    note = json.loads(lines[0])["checkpoint"].encode()
    with contextlib.closing(Ledger.open(tmp_path / "foreign.sqlite3")) as ledger:
        with pytest.raises(LedgerProofError) as caught:
            ledger.follow([entries], note)
        assert caught.value.code == "ledger-proof"
        assert (len(ledger), ledger.head()) == (0, None)
        ledger.follow([WRITTEN[:4], WRITTEN[4:]], note)
        assert ledger.head() == note


def test_a_bibliography_of_a_thousand_papers_is_exported_and_imported(tmp_path, take):
    records = [verify(signed_compact(version=n + 1), TRUST) for n in range(MAX_PAPERS)]
    said = {"citing": request().citing, "agent": request().agent}
    asked = BibliographyRequest.read(said)
    large = CITING_KEY.sign(draft_bibliography(records, asked, created_at=NOW, nonce=bytes(16)))
    lines = export_of(tmp_path / "own" / "ledger.sqlite3", [*WRITTEN, large])

    assert len(lines[-1]) > MAX_HEADER_BYTES
    assert take(lines).size == len(WRITTEN) + 1
    path = foreign_path(tmp_path / "ledgers", ORIGIN)
    with contextlib.closing(Ledger.reading(path)) as ledger:
        assert ledger.get(large.citation_id).envelope == large
    with pytest.raises(LedgerProofError):
        take([*lines[:-1], b"x" * MAX_LINE_BYTES + lines[-1]])
