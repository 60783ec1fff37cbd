"""Messages in the language of the documentation.

Texts of pages, and most of the log, are looked up in `locale/`; codes are never translated.
"""

from pathlib import Path

from sphinx.locale import get_translation

CATALOG = "sphinx_pith"
LOCALE = Path(__file__).parent / "locale"

_ = get_translation(CATALOG)
