"""Changes to the published record, and the code that each must be refused with."""

from collections.abc import Callable

from tests.documents import REAL

Tamper = Callable[[bytes], bytes]


def swap(old: bytes, new: bytes) -> Tamper:
    """Replace the first `old`, which must be there."""
    assert old in REAL
    return lambda body: body.replace(old, new, 1)


TAMPERS = [
    (swap(b"A Survey on", b"a survey of"), "title-mismatch"),
    (
        swap(b'"canonical_record":{"source":{"id":"2', b'"canonical_record":{"source":{"id":"1'),
        "digest-mismatch",
    ),
    (swap(b'"title_canon_sha256":"1', b'"title_canon_sha256":"2'), "digest-mismatch"),
    (swap(b'"signature_b64":"wE', b'"signature_b64":"wF'), "invalid-signature"),
    (swap(b'"canonical_sha256":"7', b'"canonical_sha256":"8'), "digest-mismatch"),
    (swap(b'"pith_number":"pith:2024:O', b'"pith_number":"pith:2024:P'), "number-mismatch"),
    (swap(b'"pith_number":"pith:2024', b'"pith_number":"pith:2023'), "year-mismatch"),
    (swap(b'"primary_cat":"cs.CL"', b'"primary_cat":"cs.AI"'), "duplicate-mismatch"),
    (swap(b'"key_id":"pith-v1', b'"key_id":"pith-v2'), "unknown-key"),
]

RETITLE = TAMPERS[0][0]
RENAME = TAMPERS[1][0]
"""Makes it the record of another paper."""
