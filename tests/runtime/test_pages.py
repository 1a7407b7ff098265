import json

import pytest

from connectors import (
    ConnectionLost,
    HostPolicy,
    HostRefused,
    PageLoop,
    PaginationError,
    ProviderError,
    UnexpectedAnswer,
)

LINK = {
    "type": "link",
    "link_path_in_response_body": "next_page",
    "limit_name_in_request": "per_page",
    "resend_params": True,
}
OFFSET = {
    "type": "offset",
    "offset_name_in_request": "page",
    "offset_start_value": 1,
    "offset_calculation_method": "per-page",
}


@pytest.mark.parametrize("end", ["", None, ...])
def test_an_empty_null_or_missing_link_ends_the_list(server, client_to, replies, end):
    last = {"page": 2, "documents": [{"id": 3}], **({} if end is ... else {"next_page": end})}
    first = {"page": 1, "next_page": f"{server.url}/api/documents?page=2", "documents": [{"id": 1}, {"id": 2}]}
    server.script = [replies(body=first), replies(body=last)]
    client = client_to(proxy={"paginate": LINK})
    found = client.pages("/api/documents", params={"parent": 7, "per_page": 2})
    assert [item["id"] for item in found] == [1, 2, 3]
    assert [seen.target for seen in server.seen] == [
        "/api/documents?parent=7&per_page=2",
        "/api/documents?page=2&parent=7&per_page=2",
    ]


def test_a_link_that_repeats_the_filters_is_followed_as_it_is(server, client_to, replies):
    link = f"{server.url}/api/documents?per_page=2&page=2&parent=7"
    server.script = [replies(body={"next_page": link, "documents": []}), replies(body={"documents": []})]
    assert list(client_to(proxy={"paginate": LINK}).pages("/api/documents", params={"parent": 7, "per_page": 2})) == []
    assert server.seen[1].target == "/api/documents?per_page=2&page=2&parent=7"


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/v2/documents/", {"documents": [1], "tags": [9], "page": 1}, [1]),
        ("/v2/search/", {"page": 1, "items": [1, 2]}, [1, 2]),
        ("/v2/whatever?x=documents", {"rows": [1]}, [1]),
        ("/v2/documents", [1, 2, 3], [1, 2, 3]),
        ("/v2/documents", {"documents": "", "page": 1}, []),
        ("/v2/documents", {"documents": None}, []),
        ("/v2/documents", {"documents": [], "total_pages": 0}, []),
    ],
)
def test_the_list_is_found_by_itself(server, client_to, replies, path, body, expected):
    server.script = [replies(body=body)]
    assert list(client_to(proxy={"paginate": LINK}).pages(path)) == expected


@pytest.mark.parametrize("body", [{"page": 1}, {"a": [1], "b": [2]}, {"documents": {"id": 1}}, "text", 5, None])
def test_a_page_without_a_list_is_an_error_and_never_an_empty_list(server, client_to, replies, body):
    server.script = [replies(body=json.dumps(body).encode())]
    with pytest.raises(UnexpectedAnswer):
        list(client_to(proxy={"paginate": LINK}).pages("/v2/documents"))


def test_a_later_page_without_the_list_is_an_error_too(server, client_to, replies):
    first = {"documents": [1], "next_page": "/v2/documents?page=2"}
    server.script = [replies(body=first), replies(body={"message": "maintenance"})]
    pages = client_to(proxy={"paginate": LINK}).pages("/v2/documents")
    assert next(pages) == 1
    with pytest.raises(UnexpectedAnswer):
        next(pages)


def test_the_list_can_be_named(server, client_to, replies):
    server.script = [replies(body={"data": {"rows": [1], "other": [2]}})]
    client = client_to(proxy={"paginate": LINK})
    assert list(client.pages("/x", items="data.rows")) == [1]
    server.script = [replies(body={"rows": [1]})]
    with pytest.raises(UnexpectedAnswer, match="typo"):
        list(client.pages("/x", items="typo"))


def test_a_page_that_comes_again_ends_the_list_with_an_error(server, client_to, replies):
    server.script = [replies(body={"x": [1], "next_page": "/x?page=2"})]
    pages = client_to(proxy={"paginate": LINK}).pages("/x")
    assert next(pages) == 1
    with pytest.raises(PageLoop):
        list(pages)
    assert len(server.seen) == 2


def test_pages_come_as_they_are_needed(server, client_to, replies):
    server.script = [replies(body={"x": [1, 2], "next_page": "/x?page=2"}), replies(body={"x": [3]})]
    pages = client_to(proxy={"paginate": LINK}).pages("/x")
    assert server.seen == []
    assert next(pages) == 1
    assert len(server.seen) == 1


def test_a_search_by_post_pages_in_its_body(server, client_to, replies):
    server.script = [
        replies(body={"items": [1, 2]}),
        replies(status=500),
        replies(body={"items": [3]}),
        replies(body={"items": []}),
    ]
    client = client_to(proxy={"paginate": {**OFFSET, "response_path": "items"}})
    assert list(client.pages("/search/", method="POST", data={"query": "q"}, reads=True)) == [1, 2, 3]
    bodies = [json.loads(seen.body) for seen in server.seen]
    assert bodies == [{"query": "q", "page": page} for page in (1, 2, 2, 3)]


def test_settings_of_the_call_win_over_the_definitions(server, client_to, replies):
    server.script = [replies(body={"items": [1]}), replies(body={"items": []})]
    client = client_to(proxy={"paginate": LINK})
    assert list(client.pages("/search/", paginate=OFFSET)) == [1]
    assert [seen.target for seen in server.seen] == ["/search/?page=1", "/search/?page=2"]


def test_without_any_settings_there_is_an_error(client_to):
    with pytest.raises(PaginationError, match="acme"):
        client_to().pages("/x")


def test_a_link_that_is_too_long_to_be_one_is_an_error(server, client_to, replies):
    server.script = [replies(body={"x": [1], "next_page": "/x?" + "y" * 70_000})]
    with pytest.raises(UnexpectedAnswer, match="70,003 characters"):
        list(client_to(proxy={"paginate": LINK}).pages("/x"))


def test_only_the_caller_may_name_any_host_not_a_link(server, other_server, client_to, replies):
    client = client_to({"policy": HostPolicy(allow_private=True, override="any")})
    server.script = [replies(body={"x": [1], "next_page": f"{other_server.url}/x?page=2"})]
    with pytest.raises(HostRefused):
        list(client.pages("/x", paginate=LINK))
    assert other_server.seen == []
    other_server.script = [
        replies(body={"x": [2], "next_page": f"{other_server.url}/x?page=2"}),
        replies(body={"x": [3], "next_page": None}),
    ]
    assert list(client.pages("/x", base_url_override=other_server.url, paginate=LINK)) == [2, 3]


def test_a_link_to_another_host_is_not_followed(server, other_server, client_to, replies):
    server.script = [replies(body={"x": [1], "next_page": f"{other_server.url}/x?page=2"})]
    with pytest.raises(HostRefused):
        list(client_to(proxy={"paginate": LINK}).pages("/x"))
    assert other_server.seen == []


def test_a_page_that_fails_for_good_raises_after_what_came_before(server, client_to, replies):
    server.script = [replies(body={"x": [1], "next_page": "/x?page=2"}), replies(status=500)]
    pages = client_to(proxy={"paginate": LINK}).pages("/x", retries=1)
    assert next(pages) == 1
    with pytest.raises(ProviderError):
        next(pages)


def test_a_page_that_breaks_off_is_fetched_again(server, client_to, replies):
    broken = replies(raw=b'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"x": [')
    server.script = [broken, replies(body={"x": [1]})]
    client = client_to(proxy={"paginate": LINK})
    assert list(client.pages("/x")) == [1]
    server.script = [broken]
    with pytest.raises(ConnectionLost):
        list(client.pages("/x", retries=0))
