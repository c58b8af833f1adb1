"""``CITATION.cff`` as the metadata that Zenodo takes, in its ``.zenodo.json``."""

import json
from typing import Any

import yaml

from qcnn import InvalidInput
from qcnn.checks import reason

_NEEDED = ("title", "version", "date-released", "license", "authors", "abstract", "keywords")


def read_citation(content: bytes) -> dict[str, Any]:
    """What a ``CITATION.cff`` says.

    Raises:
        InvalidInput: for another file, or one without what an archive is published with.
    """
    try:
        citation = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"CITATION.cff cannot be read ({reason(error)}); allowed is YAML of the Citation File "
            "Format"
        ) from error
    missing = [key for key in _NEEDED if not (isinstance(citation, dict) and citation.get(key))]
    if missing:
        raise InvalidInput(
            f"CITATION.cff has no {', '.join(missing)}; allowed is one with {', '.join(_NEEDED)}"
        )
    return dict(citation)


def zenodo_metadata(citation: dict[str, Any], commit: str) -> str:
    """The text of ``.zenodo.json`` for the results of a commit.

    Args:
        citation: as :func:`read_citation` returns it.
        commit: the digits of the commit.
    """
    metadata = {
        "title": f"{citation['title']}: rows, weights and reports",
        "upload_type": "dataset",
        "description": (
            f"{citation['abstract'].strip()} These are its rows, weights and reports, as of "
            f"commit {commit}. SHA256SUMS has the checksum of every file."
        ),
        "version": str(citation["version"]),
        "publication_date": str(citation["date-released"]),
        "access_right": "open",
        "license": citation["license"],
        "creators": [_creator(author) for author in citation["authors"]],
        "keywords": citation["keywords"],
        "related_identifiers": [
            {"identifier": each.get("doi") or each["url"], "relation": "cites"}
            for each in citation.get("references", ())
            if "doi" in each or "url" in each
        ],
    }
    return json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"


def _creator(author: dict[str, str]) -> dict[str, str]:
    """
    >>> _creator({"given-names": "Anna", "name-particle": "de", "family-names": "Ohm"})
    {'name': 'de Ohm, Anna'}
    >>> _creator({"name": "The authors", "affiliation": "Here"})
    {'name': 'The authors', 'affiliation': 'Here'}
    """
    family = " ".join(
        author[part] for part in ("name-particle", "family-names") if author.get(part)
    )
    given = author.get("given-names", "")
    creator = {"name": author.get("name") or ", ".join(filter(None, (family, given)))}
    if "affiliation" in author:
        creator["affiliation"] = author["affiliation"]
    if "orcid" in author:
        creator["orcid"] = author["orcid"].removeprefix("https://orcid.org/")
    return creator
