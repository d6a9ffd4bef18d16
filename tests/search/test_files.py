"""The catalogue page by page: every sound on one page, whatever the size, and a cursor that means one question."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

import sonoteca
from query_samples import fill
from sonoteca.errors import QuerySyntaxError, RequestError
from sonoteca.search.query.listing import COLUMNS


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sonoteca.Library]:
    path = tmp_path_factory.mktemp("files") / "library.sonoteca"
    with sonoteca.open_library(path, mode="create") as made:
        with made.write() as connection:
            fill(connection)
        yield made


@pytest.mark.parametrize("limit", [1, 7, 20, 1000])
@pytest.mark.parametrize("query", ["", "sort:title", "tag:dusty"])
def test_pages_follow_one_another_and_hold_each_sound_once(library: sonoteca.Library, query: str, limit: int) -> None:
    whole = sonoteca.list_sounds(library, sonoteca.ListRequest(filter=query, limit=None))
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = sonoteca.list_files(library, sonoteca.FilesRequest(query=query, limit=limit, cursor=cursor))
        assert page.total == whole.total
        found += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.rows) == limit
    assert found == [row.id for row in whole.rows]


@pytest.mark.parametrize(("status", "count"), [("analysed", 17), ("pending", 2), ("failed", 1)])
def test_a_status_leaves_those_that_got_so_far(library: sonoteca.Library, status: str, count: int) -> None:
    answer = sonoteca.list_files(library, sonoteca.FilesRequest(status=status))
    assert (answer.total, {row.status for row in answer.rows}) == (count, {status})
    both = sonoteca.list_files(library, sonoteca.FilesRequest(query="tag:dusty OR is:missing", status=status))
    asked = sonoteca.list_sounds(library, sonoteca.ListRequest(filter=f"(tag:dusty OR is:missing) status:{status}"))
    assert sorted(row.id for row in both.rows) == sorted(row.id for row in asked.rows)


def test_fields_choose_and_order_the_keys_of_a_row(library: sonoteca.Library) -> None:
    whole = sonoteca.list_files(library, sonoteca.FilesRequest(limit=1))
    assert tuple(whole.as_rows()[0]) == COLUMNS
    some = sonoteca.list_files(library, sonoteca.FilesRequest(limit=1, fields=("path, id", "id")))
    assert some.as_rows() == [{name: whole.as_rows()[0][name] for name in ("path", "id")}]
    for unknown in ("paths", "", "id,", "region_id"):
        with pytest.raises(RequestError) as refused:
            sonoteca.FilesRequest(fields=(unknown,))
        assert refused.value.field == "fields"


def test_a_cursor_is_one_of_the_same_question_or_refused(library: sonoteca.Library) -> None:
    cursor = sonoteca.list_files(library, sonoteca.FilesRequest(query="kind:loop", limit=1)).next_cursor
    assert sonoteca.list_files(library, sonoteca.FilesRequest(query="kind:loop", limit=5, cursor=cursor)).rows
    values: list[Any] = [[1], [1, 2], ["1", "x"], {}, None, [10**400, "x"], [True, "x"]]
    odd = [json.dumps(each).encode() for each in values]
    bad = ["", "x", "é", "=" * 9, "A" * 5000, *(base64.urlsafe_b64encode(each).decode() for each in odd)]
    for query, given in [("kind:track", cursor), *(("kind:loop", each) for each in bad)]:
        with pytest.raises(RequestError) as refused:
            sonoteca.FilesRequest(query=query, cursor=given)
        assert refused.value.field == "cursor"


def test_a_query_that_cannot_be_read_is_about_the_query(library: sonoteca.Library) -> None:
    with pytest.raises(QuerySyntaxError) as refused:
        sonoteca.list_files(library, sonoteca.FilesRequest(query="kind:lopp"))
    assert (refused.value.field, refused.value.position) == ("query", 5)
