"""What the query language knows, for who helps a person to write in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sonoteca.search.query.fields import FIELDS, Field


@dataclass(frozen=True, slots=True)
class QueryFieldsAnswer:
    """The fields of the query language, in the order in which the documentation tells of them."""

    fields: tuple[Field, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "fields": [
                {
                    "name": field.name,
                    "aliases": list(field.aliases),
                    "meaning": field.meaning,
                    "example": field.example,
                    "values": [str(value) for value in field.values],
                    "sorts": field.sort_column is not None,
                }
                for field in self.fields
            ]
        }


def query_fields() -> QueryFieldsAnswer:
    """Tell which fields a query may ask for, what each means, and which values a vocabulary allows.

    >>> query_fields().as_json()["fields"][0]["name"]
    'kind'
    """
    return QueryFieldsAnswer(FIELDS)
