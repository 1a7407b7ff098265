from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import HostRefused, PageLoop, PaginationError, UnexpectedAnswer
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.paginate import Pager, link_in_header
from connectors.runtime.request import Call, build

LINK = {"type": "link", "link_path_in_response_body": "next_page", "response_path": "items"}
HEADER_LINK = {"type": "link", "link_rel_in_response_header": "next"}
CURSOR = {
    "type": "cursor",
    "cursor_name_in_request": "after",
    "cursor_path_in_response": "meta.next",
    "response_path": "items",
}
OFFSET = {
    "type": "offset",
    "offset_name_in_request": "offset",
    "response_path": "items",
    "limit_name_in_request": "limit",
}
RESEND = {**LINK, "resend_params": True, "limit_name_in_request": "per_page"}


def walk(settings, call, bodies, **options):
    """The calls made and the items read; the walk may end in an error."""
    pager = Pager(settings, call, **options)
    call, calls, items = pager.first(), [], []
    for body in bodies:
        calls.append(call)
        page = pager.after({}, body, call)
        items += page.items or []
        call = page.next
        if call is None:
            return calls, items
    pytest.fail(f"the walk goes on: {call}")


@pytest.mark.parametrize("end", ["", "  ", None, False, ...])
def test_an_empty_null_or_missing_link_is_the_end(end):
    last = {"items": [2]} if end is ... else {"items": [2], "next_page": end}
    calls, items = walk(LINK, Call(endpoint="/x"), [{"items": [1], "next_page": "/x?page=2"}, last])
    assert [call.endpoint for call in calls] == ["/x", "/x?page=2"]
    assert items == [1, 2]


@pytest.mark.parametrize("link", [2, True, ["/x"], {"href": "/x"}, 1.5])
def test_a_link_that_is_no_text_is_an_error_and_not_the_end(link):
    page = Pager(LINK, Call(endpoint="/x")).after({}, {"items": [1], "next_page": link}, Call(endpoint="/x"))
    assert page.items == [1]
    with pytest.raises(UnexpectedAnswer):
        _ = page.next


@pytest.mark.parametrize(
    "links", [["/a", "/a"], ["/a", "/b", "/a"], ["/a", "/b", "/c", "/b"], ["https://h/x", "https://h/x"]]
)
def test_a_link_that_comes_again_is_an_error_after_the_pages_items(links):
    pager = Pager(LINK, Call(endpoint="/x"))
    call = pager.first()
    for number, link in enumerate(links[:-1]):
        call = pager.after({}, {"items": [number], "next_page": link}, call).next
    page = pager.after({}, {"items": ["last"], "next_page": links[-1]}, call)
    assert page.items == ["last"]
    with pytest.raises(PageLoop):
        _ = page.next


def test_a_cursor_that_comes_again_is_an_error():
    with pytest.raises(PageLoop):
        walk(CURSOR, Call(endpoint="/x"), [{"items": [1], "meta": {"next": "c"}}] * 2)


def test_a_list_has_a_ceiling_of_pages():
    pages = [{"items": [1], "next_page": f"/x?page={number}"} for number in range(2, 10)]
    with pytest.raises(PageLoop, match="more than 5"):
        walk(LINK, Call(endpoint="/x"), pages, most_pages=5)


class TestLinks:
    def test_an_absolute_link_becomes_origin_and_path_and_params_are_dropped(self):
        first = {"items": [], "next_page": "https://API.example.com:443/v2/x?page=2&q=a%20b#frag"}
        (_, second), _ = walk(LINK, Call(endpoint="/x", params={"page": 1}), [first, {}])
        assert second == Call(endpoint="/v2/x?page=2&q=a%20b", base_url_override="https://api.example.com", params=None)

    def test_the_method_headers_and_body_stay(self):
        call = Call("POST", "/x", headers={"x-a": "b"}, data={"f": 1})
        (_, second), _ = walk(LINK, call, [{"items": [], "next_page": "/y"}, {}])
        assert (second.method, second.headers, second.data) == ("POST", {"x-a": "b"}, {"f": 1})

    def test_empty_pages_do_not_end_a_list(self):
        pages = [{"items": [], "next_page": "/x?p=2"}, {"next_page": "/x?p=3"}, {"items": [1]}]
        assert walk(LINK, Call(endpoint="/x"), pages)[1] == [1]

    def test_a_placeholder_in_a_link_is_not_filled_in(self):
        (_, second), _ = walk(LINK, Call(endpoint="/x"), [{"items": [], "next_page": "/x?c=${apiKey}"}, {}])
        assert second.endpoint == "/x?c=$%7BapiKey}"

    @pytest.mark.parametrize("link", ["https://", "http://a b/", "https://me:pw@api.example.com/x"])
    def test_a_broken_absolute_link_is_an_error(self, link):
        with pytest.raises(UnexpectedAnswer):
            walk(LINK, Call(endpoint="/x"), [{"items": [], "next_page": link}])

    def test_the_header_goes_before_the_body(self):
        settings = {**HEADER_LINK, "link_path_in_response_body": "next"}
        pager = Pager(settings, Call(endpoint="/x"))
        page = pager.after({"Link": '</2>; rel="next"'}, {"next": "/3"}, pager.first())
        assert page.next.endpoint == "/2"
        assert pager.after({}, {"next": "/3"}, page.next).next.endpoint == "/3"


class TestResend:
    def links(self, link, **call):
        (first, second), _ = walk(RESEND, Call(endpoint="/x", **call), [{"items": [], "next_page": link}, {}])
        return first, second

    def test_params_that_the_link_lacks_are_sent_again(self):
        _, second = self.links("/x?page=2", params={"type": "topic", "page": 1})
        assert second.params == [("type", "topic")]

    def test_params_that_the_link_has_are_not_doubled(self):
        _, second = self.links("/x?page=2&type=topic", params={"type": "topic"})
        assert second.params is None

    def test_the_endpoints_own_query_and_the_limit_count_too(self):
        pager = Pager({**RESEND, "limit": 50}, Call(endpoint="/x?type=topic"))
        first = pager.first()
        assert first.params == {"per_page": 50}
        assert pager.after({}, {"next_page": "/x?page=2"}, first).next.params == [("type", "topic"), ("per_page", 50)]

    def test_they_are_sent_on_every_page(self):
        pages = [{"items": [], "next_page": f"/x?page={page}"} for page in (2, 3)]
        calls, _ = walk(RESEND, Call(endpoint="/x", params=[("t", 1), ("t", 2)]), [*pages, {}])
        assert [call.params for call in calls[1:]] == [[("t", 1), ("t", 2)]] * 2

    def test_without_the_setting_they_are_not(self):
        (_, second), _ = walk(LINK, Call(endpoint="/x", params={"a": 1}), [{"items": [], "next_page": "/y"}, {}])
        assert second.params is None


class TestHostOfALink:
    PROVIDER = Provider(
        "p",
        {"auth_mode": "NONE", "proxy": {"base_url": "https://${connectionConfig.instance}.example.com/api"}},
        "test",
    )

    def request(self, link):
        connection = Connection(self.PROVIDER, {"instance": "acme"}, {})
        (_, second), _ = walk(LINK, Call(endpoint="/x"), [{"items": [], "next_page": link}, {}])
        return build(connection, second)

    def test_a_link_to_the_connections_own_host_is_followed(self):
        assert self.request("https://acme.example.com/api/x?page=2").url == "https://acme.example.com/api/x?page=2"
        assert self.request("/x?page=2").url == "https://acme.example.com/api/x?page=2"
        assert self.request("//evil.com/x").url == "https://acme.example.com/api/evil.com/x"

    @pytest.mark.parametrize(
        "link", ["https://evil.com/x", "http://acme.example.com/x", "https://acme.example.com.evil.com/"]
    )
    def test_a_link_to_another_host_is_refused(self, link):
        with pytest.raises(HostRefused):
            self.request(link)


class TestCursorAndOffset:
    @pytest.mark.parametrize("end", [None, "", "  ", True, {}, [], ...])
    def test_a_cursor_that_is_none_ends_the_list(self, end):
        meta = {} if end is ... else {"next": end}
        assert walk(CURSOR, Call(endpoint="/x"), [{"items": [1], "meta": meta}])[1] == [1]

    def test_cursors_are_trimmed_and_zero_is_one(self):
        pages = [{"items": [1], "meta": {"next": " c "}}, {"items": [2], "meta": {"next": 0}}, {"items": []}]
        calls, _ = walk(CURSOR, Call(endpoint="/x", params={"q": 1}), pages)
        assert [call.params for call in calls] == [{"q": 1}, {"q": 1, "after": "c"}, {"q": 1, "after": 0}]

    @pytest.mark.parametrize("settings", [CURSOR, OFFSET])
    @pytest.mark.parametrize("items", [[], None, {}, 5, {"a": 1}])
    def test_an_empty_page_ends_the_list_whatever_the_cursor(self, settings, items):
        assert walk(settings, Call(endpoint="/x"), [{"items": items, "meta": {"next": "c"}}])[1] == []

    def test_offsets_go_by_the_items_read_or_by_one(self):
        pages = [{"items": [1, 2]}, {"items": [3]}, {}]
        calls, _ = walk(OFFSET, Call(endpoint="/x"), pages)
        assert [call.params["offset"] for call in calls] == ["0", "2", "3"]
        per_page = {**OFFSET, "offset_calculation_method": "per-page", "offset_start_value": 1}
        assert [call.params["offset"] for call in walk(per_page, Call(endpoint="/x"), pages)[0]] == ["1", "2", "3"]

    def test_a_page_shorter_than_the_limit_is_the_last(self):
        calls, items = walk({**OFFSET, "limit": "2"}, Call(endpoint="/x"), [{"items": [1, 2]}, {"items": [3]}])
        assert [call.params for call in calls] == [{"limit": "2", "offset": "0"}, {"limit": "2", "offset": "2"}]
        assert items == [1, 2, 3]

    def test_a_body_gets_numbers_and_dotted_names_become_paths(self):
        data = {"page": {"size": 5}, "filter": {"a": 1}}
        settings = {**OFFSET, "offset_name_in_request": "page.offset"}
        calls, _ = walk(settings, Call("POST", "/x", data=data), [{"items": [1]}, {}])
        assert [call.data["page"] for call in calls] == [{"size": 5, "offset": 0}, {"size": 5, "offset": 1}]
        assert data == {"page": {"size": 5}, "filter": {"a": 1}}

    def test_the_caller_can_put_paging_into_the_body(self):
        settings = {**CURSOR, "in_body": True}
        calls, _ = walk(settings, Call(endpoint="/x"), [{"items": [1], "meta": {"next": "c"}}, {}])
        assert [call.data for call in calls] == [{}, {"after": "c"}]
        with pytest.raises(PaginationError):
            Pager(settings, Call(endpoint="/x", data="text")).first()

    def test_params_given_as_text_or_pairs_are_kept(self):
        for params in ("a=1&a=2", "?a=1&a=2", [("a", "1"), ("a", "2")]):
            assert Pager(OFFSET, Call(endpoint="/x", params=params)).first().params == [
                ("a", "1"),
                ("a", "2"),
                ("offset", "0"),
            ]


@pytest.mark.parametrize(
    "settings",
    [
        *(
            {},
            {"type": "page"},
            {"type": None},
            {"type": ["link"]},
            {"type": "link"},
            {"type": "offset"},
            {"type": "cursor"},
        ),
        *({**CURSOR, "cursor_name_in_request": ""}, {**CURSOR, "limit": 5}, {**OFFSET, "offset_start_value": "1"}),
    ],
)
def test_settings_that_do_not_work_together_are_refused(settings):
    with pytest.raises(PaginationError):
        Pager(settings, Call(endpoint="/x"))


@pytest.mark.parametrize("settings", [LINK, {**OFFSET, "limit_name_in_request": None}])
def test_a_limit_that_the_provider_has_no_name_for_is_called_as_the_reference_calls_it(settings):
    assert Pager({**settings, "limit": 5}, Call(endpoint="/x")).first().params["undefined"] == 5


@pytest.mark.parametrize(
    ("header", "link"),
    [
        ('<https://a/2>; rel="next"', "https://a/2"),
        ("<https://a/2>;rel=next", "https://a/2"),
        ('<https://a/1>; rel="prev", <https://a/2>; rel="next"', "https://a/2"),
        ('<https://a/2?x=1,2;3>; title="a, b; c"; rel="last next"', "https://a/2?x=1,2;3"),
        ('<https://a/1>; rel="prev"', None),
        ('<https://a/1>; rel="nextish"', None),
        ("https://a/2; rel=next", None),
        ("", None),
        ("<>; rel=next", None),
        ("<https://a/2>;a" + " " * 60_000, None),
        ("<" * 60_000, None),
        ("<a>" * 20_000, None),
        ("<a>; rel" + " ;" * 30_000, None),
    ],
)
def test_a_link_header_is_read(header, link):
    assert link_in_header({"LINK": header}, "next") == link


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["items", "meta", "next_page", "next"]), inner)
        ),
        max_leaves=8,
    ),
    st.sampled_from([LINK, HEADER_LINK, CURSOR, OFFSET, RESEND]),
)
def test_any_answer_gives_a_page_or_a_clear_error(body, settings):
    pager = Pager(settings, Call(endpoint="/x"))
    page = pager.after({"link": str(body)}, body, pager.first())
    with suppress(UnexpectedAnswer, PageLoop):
        assert page.next is None or isinstance(page.next, Call)
