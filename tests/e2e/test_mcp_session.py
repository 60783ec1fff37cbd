"""A whole session: a careless bibliography is checked, repaired, exported and signed.

The agent is a script. It knows the bibliography, and what the server tells it: the tools that are
listed, the fields of answers, the commands that errors name.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pith_agent.storage.keys import new_key
from tests.bibliographies import read_bibtex
from tests.documents import TRUST, VECTORS, rows
from tests.documents import sign as sign_record
from tests.registry import LoopbackRegistry
from tests.sessions import ERAS, Item, Session, connected, environment, run_named_command

Entry = dict[str, Any]

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "check-a-bibliography.md"

DISTILLATION = "A Survey on Knowledge Distillation of Large Language Models"
MONOPOLES = "Monopole clusters at short and large distances"
SHRINKAGE = "Default Bayesian analysis with global-local shrinkage priors"

STARTER: list[Entry] = [
    {"id": "2402.13116", "title": DISTILLATION, "authors": ["Xu, Can", "others"], "year": 2024},
    {"id": "arXiv:2402.13116v4", "title": f"{{{DISTILLATION}}}"},
    {"id": "https://arxiv.org/pdf/2402.13116v4.pdf", "title": DISTILLATION.upper()},
    {"id": "10.48550/arXiv.hep-lat/0305021", "title": MONOPOLES, "year": 2003},
    {"id": "pith:2003:OMJFN3CZBZK4KRI4XCDIFRLNQH", "title": MONOPOLES},
    {"id": "https://doi.org/10.48550/arXiv.1510.03516", "title": SHRINKAGE},
    {"id": "https://pith.science/paper/1510.03516", "title": SHRINKAGE + "."},
    {"id": "1604.02957", "title": "Attention Is All You Need", "year": 2017},
    {"id": "arXiv:2402.99999", "title": "Distillation without a teacher"},
    {"id": "arXiv:1604.02957v1",
     "title": "From vertex detectors to outer trackers with CMOS pixel sensors"},
]  # fmt: skip
"""Ten entries that name the papers that ship with the package, and one paper that is invented."""

PUBLISHED: list[Entry] = [
    {"id": "hep-th/9301074", "title": "Geometry and W-Gravity", "year": 1993},
    {"id": "arXiv:astro-ph/9601133v1",
     "title": "A Variation of the Present Star Formation Activity of Spiral Galaxies"},
    {"id": "https://arxiv.org/abs/hep-th/9903163v2",
     "title": "Counting BPS Blackholes in Toroidal Type II String Theory"},
    {"id": "doi:10.48550/arXiv.math-ph/0012009", "title": "Characterizing Volume Forms"},
    {"id": "pith:2002:MPKWYIBVCVFOQ5R2DT2ZHNEAY2", "title": "String theory: an update"},
    {"id": "HKTFHGBMDEVRQCEX6JXNYUWYSD", "title": "Under {S}pec {Z}"},
    {"id": "2401.00001", "title": "A record that was made for a test",
     "authors": ["Example, Ada", "Ben Example"], "version": 2},
    {"id": "https://arxiv.org/abs/math/0612251",
     "title": "Proper actions and proper invariant metrics"},
    {"id": "pith:2007:ABC4FGBJO4LWIAGTJ3D2LYNTN7", "title": "Actions that are not recorded"},
    {"id": "10.48550/arXiv.2401.00002", "title": "A paper with a second version", "version": 1},
]  # fmt: skip
"""Ten entries that name published canonical records, and two papers made for the test."""


@dataclass(frozen=True)
class Story:
    """A bibliography, and what is wrong with its last three entries."""

    entries: list[Entry]
    faults: list[tuple[str, str, str | None, str | None]]
    """Verdict, code, title match, and code of the check that stands in the way."""
    papers: int
    """How many the repaired bibliography names."""


CLAIMED = "claimed-title-mismatch"
CONFLICT = "conflicting-identifiers"
INVENTED = ("failed", CLAIMED, "different", CLAIMED)
UNKNOWN = ("not-found", "not-found", None, None)
STORIES = {
    "starter": Story(STARTER, [INVENTED, UNKNOWN, ("failed", CLAIMED, "near-miss", CLAIMED)], 4),
    "published": Story(
        PUBLISHED,
        [INVENTED, UNKNOWN, ("failed", CONFLICT, "exact", CONFLICT)],
        8,
    ),
}


def publish(registry: LoopbackRegistry) -> None:
    """Serve the published canonical records, whose Pith Numbers are the real ones, and two more."""
    for row in rows(VECTORS / "records.jsonl"):
        kept = ("canonical_record", "aliases", "title")
        document = {name: row[name] for name in kept if name in row}
        registry.serve(sign_record(document))
    registry.publish(version=2)
    registry.publish(
        arxiv_id="2401.00002", version=2, title="A paper with a second version", claims=()
    )


@contextmanager
def world(name: str, directory: Path) -> Iterator[dict[str, str]]:
    """The variables of a server for one story, and the registry that it asks."""
    home = directory / "home"
    if name == "starter":
        with LoopbackRegistry(starter=True) as registry:
            yield environment(home, registry=registry.url)
        return
    root = directory / "trust-root.json"
    root.write_text(TRUST.dump(), "utf-8")
    with LoopbackRegistry() as registry:
        publish(registry)
        yield environment(home, registry=registry.url, trust_root=root)


def in_the_way(item: Item) -> str | None:
    """The code of the first check that a brief report shows; it leaves out those that pass."""
    return next((check["code"] for check in item.get("checks", ())), None)


def is_right(item: Item) -> bool:
    """Whether an entry may stand as it was written, from its answer alone."""
    proved = item["verdict"] == "verified" and item["title_match"] in ("exact", "variant")
    return proved and in_the_way(item) is None


def repaired(entry: Entry, item: Item) -> Entry | None:
    """The entry as the answer says it should be; `None` if the answer names no such paper."""
    if item["code"] == CONFLICT:  # The paper is right, and the record is of another version.
        return {"id": item["arxiv"], "title": entry["title"]}
    if item.get("title_match") == "near-miss":
        return {"id": item["pith_number"], "title": item["title"]}
    return None


def check(session: Session, entries: list[Entry]) -> list[Item]:
    """One item for each entry, in order."""
    items = session.items("verify", claims=entries, detail="brief")
    assert [item["target"] for item in items] == [entry["id"] for entry in entries]
    return items


def repair(session: Session, story: Story) -> list[str]:
    """The Pith Numbers of a bibliography in which each entry holds, each once."""
    items = check(session, story.entries)
    assert [is_right(item) for item in items] == [True] * 7 + [False] * 3
    wrong = [(i["verdict"], i["code"], i.get("title_match"), in_the_way(i)) for i in items[7:]]
    assert wrong == story.faults
    for item in items[7:]:
        assert item["verdict"] == "verified" or item["hint"]

    again = [
        entry if is_right(item) else repaired(entry, item)
        for entry, item in zip(story.entries, items, strict=True)
    ]
    kept = check(session, [entry for entry in again if entry is not None])
    assert all(map(is_right, kept))
    assert len(kept) == 8
    return list(dict.fromkeys(item["pith_number"] for item in kept))


def export(session: Session, numbers: list[str]) -> str:
    """The bibliography in BibTeX, once it is seen that each entry says what is signed."""
    papers = session.items("fetch", ids=numbers, format="bibtex", sections=["canonical"])
    assert [paper["pith_number"] for paper in papers] == numbers
    keys = {assert_signed_fields_only(paper) for paper in papers}
    assert len(keys) == len(papers)
    return "\n".join(paper["export"] for paper in papers)


def assert_signed_fields_only(paper: Item) -> str:
    """Recompute from the canonical record all that an answer shows as signed; the entry's key.

    `authors`, and all other text that no signature covers, has to stand under `untrusted`, or
    behind a mark.
    """
    canonical = paper["signed"]["canonical"]["value"]
    source, metadata = canonical["source"], canonical["metadata"]
    plain = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(plain.encode("utf-8"))
    suffix = base64.b32encode(digest.digest()).decode("ascii")[:26]
    year, category = metadata["submitted_at"][:4], metadata["primary_cat"]
    text = re.sub(r"\s+", " ", paper["title"]).strip().lower()
    proved = {
        "target": paper["target"],
        "verdict": "verified",
        "code": "ok",
        "pith_number": f"pith:{year}:{suffix}",
        "canonical_sha256": digest.hexdigest(),
        "arxiv": f"{source['id']}v{source['version']}",
        "submitted_at": metadata["submitted_at"],
        "primary_category": category,
        "license": metadata["license"],
    }
    shown = {name: value for name, value in paper.items() if name in proved}
    assert {"license": "", **shown} == proved
    assert hashlib.sha256(text.encode("utf-8")).hexdigest() == metadata["title_canon_sha256"]
    assert paper["url"].endswith(f"/pith/{suffix}")
    others = {"title", "url", "signed", "export", "untrusted"}
    assert paper.keys() - shown.keys() <= others

    key, fields = read_bibtex(paper["export"])
    authors = fields.pop("author", None)
    assert paper["export"].startswith("% author: not signed\n") is (authors is not None)
    assert bool(authors) is bool(paper["untrusted"].get("authors"))
    assert fields == {
        "title": f"{{{paper['title']}}}",
        "year": year,
        "version": str(source["version"]),
        "eprint": source["id"],
        "archivePrefix": "arXiv",
        "eprinttype": "arxiv",
        "primaryClass": category,
        "eprintclass": category,
        "doi": f"10.48550/arXiv.{source['id']}",
        "url": f"https://arxiv.org/abs/{source['id']}v{source['version']}",
        "note": proved["pith_number"],
        "pith": proved["pith_number"],
    }
    return key


def sign(session: Session, numbers: list[str], file: Path, **more: Any) -> list[Item]:
    """Say of each paper that the bibliography cites it."""
    return session.items(
        "sign_citation",
        ids=numbers,
        relationship="cites",
        citing_kind="document",
        citing_id=file.name,
        citing_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        agent_name="a script",
        **more,
    )


def stated(items: list[Item]) -> list[Item]:
    """What citations state, less what is new for each: the time, and the random number."""
    statements = [json.loads(json.dumps(item["citation"]["statement"])) for item in items]
    for statement in statements:
        del statement["predicate"]["created_at"], statement["predicate"]["nonce"]
    return statements


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("transport", ["stdio", "http"])
@pytest.mark.parametrize("name", STORIES)
def test_a_careless_bibliography_is_repaired_and_signed_from_the_answers_alone(
    tmp_path, name, transport, era
):
    story, file = STORIES[name], tmp_path / "refs.bib"
    with world(name, tmp_path) as variables, connected(transport, era, variables) as session:
        assert session.version == ERAS[era]
        numbers = repair(session, story)
        assert len(numbers) == story.papers
        file.write_text(export(session, numbers), "utf-8")

        drafts = sign(session, numbers, file, dry_run=True)
        assert {item["status"] for item in drafts} == {"drafted"}
        assert session.call("list_citations") == {"size": 0, "items": []}
        code, text = session.refusal(
            "sign_citation", ids=numbers, relationship="cites", citing_id=file.name
        )
        assert code == "no-signing-key"
        run_named_command(text, variables)

        signed = sign(session, numbers, file)
        assert {item["status"] for item in signed} == {"signed"}
        assert stated(signed) == stated(drafts)
        citations = [item["citation"] for item in signed]
        checked = session.items(
            "verify_citation", citations=[citation["envelope"] for citation in citations]
        )
        assert {(item["verdict"], item["code"]) for item in checked} == {("verified", "ok")}
        assert [item["pith_number"] for item in checked] == numbers

        listed = session.call("list_citations")
        names = [citation["citation_id"] for citation in citations]
        assert listed["size"] == len(numbers)
        assert [item["citation_id"] for item in listed["items"]] == names
        assert [item["pith_number"] for item in listed["items"]] == numbers
        assert {item["citing_id"] for item in listed["items"]} == {file.name}


def test_a_short_form_that_is_refused_is_signed_once_its_hint_is_followed(tmp_path):
    variables = environment(tmp_path)
    new_key(tmp_path / "keys")
    said = {"relationship": "cites", "citing_id": "refs.bib"}

    with connected("stdio", "auto", variables) as session:
        (refused,) = session.items("sign_citation", ids=["pith:ODXWRQYN"], **said)
        assert (refused["status"], refused["code"]) == ("refused", "short-identifier")
        (resolved,) = session.items("resolve", ids=[refused["target"]])
        (signed,) = session.items("sign_citation", ids=[resolved["pith_number"]], **said)

    assert signed["status"] == "signed"


def holds(said: Any, found: Any) -> bool:
    """Whether an answer is the one a page shows, which leaves fields out, and text at `…`."""
    if isinstance(said, dict):
        return all(name in found and holds(said[name], found[name]) for name in said)
    if isinstance(said, list):
        return len(said) == len(found) and all(map(holds, said, found))
    if isinstance(said, str):
        return re.fullmatch(".*".join(map(re.escape, said.split("…"))), found, re.S) is not None
    return bool(said == found)


def test_the_page_for_authors_of_agents_shows_the_real_answers(tmp_path):
    blocks = re.findall(r"^```(json|text)\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    envelope: Item = {}
    asked: Item = {}

    with world("starter", tmp_path) as variables, connected("http", "auto", variables) as session:
        for language, text in blocks:
            if language == "text":
                _, refusal = session.refusal(asked["tool"], **asked["arguments"])
                assert holds(text.strip(), refusal)
                run_named_command(refusal, variables)
                continue
            said = json.loads(text)
            if "tool" in said:
                asked = said
                continue
            arguments = asked["arguments"]
            if asked["tool"] == "verify_citation":
                arguments = {"citations": [envelope]}
            answer = session.call(asked["tool"], **arguments)
            assert holds(said, answer), answer
            if asked["tool"] == "sign_citation":
                envelope = answer["items"][0]["citation"]["envelope"]

    assert {language for language, _ in blocks} == {"json", "text"}
    assert envelope
