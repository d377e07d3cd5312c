"""Lists of the fake GitHub: pages, their links and caps, and the filters of runs."""

import pytest
import requests

from fakegithub.api import filters
from fakegithub.server import serve
from tests.fakegithub.samples import RUNS, app_of, get, links, small_world


def test_list_of_runs_is_newest_first_30_to_a_page_with_all_four_links():
    with serve(small_world(runs=95)) as github:
        first = get(github, RUNS)
        assert first.json()["total_count"] == 95
        assert len(first.json()["workflow_runs"]) == 30
        assert first.json()["workflow_runs"][0]["created_at"] == "2026-03-02T12:01:34Z"
        assert links(first) == {"next": {"page": ["2"]}, "last": {"page": ["4"]}}
        third = get(github, f"{RUNS}?page=3&event=")
        assert set(links(third)) == {"prev", "next", "last", "first"}
        last = get(github, f"{RUNS}?page=4")
        assert len(last.json()["workflow_runs"]) == 5
        assert set(links(last)) == {"prev", "first"}


def test_links_lead_through_all_pages_by_the_repositorys_id():
    with serve(small_world(runs=25)) as github:
        seen: list[int] = []
        url: str | None = f"{github.url}{RUNS}?per_page=10"
        while url:
            answer = requests.get(url, headers=github.headers, timeout=10)
            seen += [run["run_number"] for run in answer.json()["workflow_runs"]]
            url = answer.links.get("next", {}).get("url")
            assert url is None or url.startswith(f"{github.url}/repositories/")
        assert seen == list(range(25, 0, -1))


def test_more_than_100_per_page_gives_100():
    with serve(small_world(runs=120)) as github:
        assert len(get(github, f"{RUNS}?per_page=500").json()["workflow_runs"]) == 100


def test_filtered_list_ends_after_1000_results_and_still_tells_the_true_count():
    with serve(small_world(runs=1205)) as github:
        tenth = get(github, f"{RUNS}?per_page=100&page=10&branch=main")
        assert tenth.json()["total_count"] == 1205
        assert len(tenth.json()["workflow_runs"]) == 100
        assert "next" not in links(tenth)
        beyond = get(github, f"{RUNS}?per_page=100&page=11&branch=main")
        assert (beyond.status_code, beyond.json()["workflow_runs"]) == (200, [])
        assert beyond.json()["total_count"] == 1205
        unfiltered = get(github, f"{RUNS}?per_page=100&page=11")
        assert len(unfiltered.json()["workflow_runs"]) == 100


def test_unfiltered_list_is_refused_beyond_its_depth():
    with serve(small_world(runs=50), depth=40) as github:
        assert get(github, f"{RUNS}?per_page=20&page=2").status_code == 200
        refused = get(github, f"{RUNS}?per_page=20&page=3")
        assert refused.status_code == 422
        assert refused.json()["message"].startswith("In order to keep the API fast for everyone")


@pytest.mark.parametrize(
    ("created", "count"),
    [
        ("2026-03-02", 60),
        ("2026-03-01", 0),
        ("2026-03-01..2026-03-02", 60),
        ("2026-03-02T12:00:10Z..2026-03-02T12:00:19Z", 10),
        ("2026-03-02T12:00:10Z..2026-03-02T12:00:10Z", 1),
        ("2026-03-02T13:00:10+01:00..2026-03-02T13:00:19+01:00", 10),
        (">=2026-03-02T12:00:50Z", 10),
        (">2026-03-02T12:00:50Z", 9),
        ("<=2026-03-02T12:00:09Z", 10),
        ("<2026-03-02T12:00:09Z", 9),
        (">2026-03-02", 0),
        ("*..2026-03-02T12:00:04Z", 5),
        ("2026-03-02T12:00:55Z..*", 5),
    ],
)
def test_created_window_includes_both_ends_at_one_second(created, count):
    with serve(small_world(runs=60)) as github:
        answer = requests.get(
            f"{github.url}{RUNS}", params={"created": created}, headers=github.headers, timeout=10
        )
        assert answer.json()["total_count"] == count


def test_created_that_is_no_time_is_422():
    with serve(small_world(runs=1)) as github:
        assert get(github, f"{RUNS}?created=yesterday").status_code == 422


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("status=success", [2]),
        ("status=completed", [3, 2]),
        ("status=startup_failure", []),
        ("status=queued", [1]),
        ("event=schedule", [3, 1]),
        ("actor=OCTOCAT", [3, 2, 1]),
        ("branch=main&event=push", [2]),
        ("branch=Main", []),
    ],
)
def test_filters_of_runs(query, numbers):
    world = small_world(runs=3)
    runs = world.members[("run", app_of(world))]
    world.finish_run(runs[1], "success")
    world.finish_run(runs[2], "startup_failure")
    with serve(world) as github:
        found = get(github, f"{RUNS}?{query}").json()["workflow_runs"]
        assert [run["run_number"] for run in found] == numbers


def test_head_sha_and_pull_requests_can_be_asked_for():
    world = small_world()
    repo, flow = app_of(world), 0
    flow = world.members[("workflow", repo)][0]
    world.trigger(flow, pull_request=4)
    sha = world.head(repo)
    with serve(world) as github:
        found = get(github, f"{RUNS}?head_sha={sha}").json()["workflow_runs"]
        assert [run["pull_requests"][0]["number"] for run in found] == [4]
        bare = get(github, f"{RUNS}?exclude_pull_requests=true").json()["workflow_runs"]
        assert bare[0]["pull_requests"] == []
        assert get(github, f"{RUNS}?head_sha={'0' * 40}").json()["total_count"] == 0


def test_span_of_a_date_is_its_whole_day():
    # 2026-03-02 00:00:00 UTC is 1772409600; the day has 86,400 seconds.
    assert filters.span("2026-03-02") == (1772409600, 1772495999)
