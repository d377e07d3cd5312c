"""How long the long programmes run: a fixed part in `make test`, all of it in `make test-all`."""

import os
from collections.abc import Container

ALL = os.environ.get("RUNLEDGER_TEST") == "all"


def count(part: int, whole: int) -> int:
    """Choose `whole` when every stated count is asked for (RUNLEDGER_TEST=all), else `part`."""
    return whole if ALL else part


LONG = (
    "tests/backfill/command/test_history_adopted.py::test_adopted_database_ends_as_one_that_never"
    "_was_another[mariadb-short-latin1]",
    "tests/backfill/command/test_history_adopted.py::test_adopted_database_ends_as_one_that_never"
    "_was_another[mysql-full-utf8mb3]",
    "tests/backfill/gitlab/test_killed_backfill.py",
    "tests/backfill/gitlab/test_register_both.py",
    "tests/backfill/pipeline/test_database_outage.py::test_database_killed_and_started_again"
    "_is_waited_for[mysql]",
    "tests/backfill/test_equal_doors.py::test_received_read_and_any_mixture_are_equal[mysql]",
    "tests/backfill/test_complete.py::test_burst_of_1500_runs_in_one_minute",
    "tests/backfill/test_complete.py::test_newest_runs_only_and_then_more",
    "tests/backfill/test_kill.py::test_killed_at_random_points_it_ends_with_equal_tables[mysql]",
    "tests/benchmarks/test_latency.py",
    "tests/benchmarks/test_server_copy.py::test_migrations_timed_one_by_one_end_with_the_schema_and"
    "_the_rows_of_now[mariadb]",
    "tests/benchmarks/test_server_copy.py::test_migrations_timed_one_by_one_end_with_the_schema_and"
    "_the_rows_of_now[postgresql]",
    "tests/benchmarks/test_server_copy.py::test_multiplied_year_is_of_other_repositories_with"
    "_workflows_of_their_own[mysql]",
    "tests/clocks/test_clocks.py::test_clock_that_is_wrong_for_a_while",
    "tests/dashboard/test_browser.py::test_exported_pages_work_from_a_folder",
    "tests/dashboard/test_browser.py::test_pages_fit_and_the_browser_has_nothing_to_complain_about"
    "[375-dark]",
    "tests/dashboard/test_browser.py::test_pages_have_no_barrier[dark]",
    "tests/dashboard/test_browser_filters.py::test_every_filter_shows_its_result_and_stays_in_the"
    "_address[False]",
    "tests/dashboard/default_branch/test_unnamed.py::test_it_is_called_the_same_in_views_and_on_pages"
    "[mariadb-push-main-(no name)]",
    "tests/dashboard/default_branch/test_unnamed.py::test_it_is_called_the_same_in_views_and_on_pages"
    "[mariadb-schedule-main-schedule on main]",
    "tests/dashboard/default_branch/test_unnamed.py::test_it_is_called_the_same_in_views_and_on_pages"
    "[mysql-schedule-",
    "tests/dashboard/pages/test_figures.py::test_figures_are_those_of_plain_sql[mariadb]",
    "tests/dashboard/web/test_links.py::test_every_link_leads_somewhere[mariadb-all, every other"
    " run lost]",
    "tests/dashboard/web/test_links.py::test_every_link_leads_somewhere[mariadb-jobs]",
    "tests/dashboard/web/test_links.py::test_every_link_leads_somewhere[mariadb-pushes]",
    "tests/dashboard/web/test_links.py::test_every_link_leads_somewhere[mariadb-runs]",
    "tests/dashboard/web/test_links.py::test_every_link_leads_somewhere[mysql-all, every other"
    " run lost]",
    "tests/dashboard/web/test_links.py::test_every_link_leads_somewhere[mysql-jobs]",
    "tests/dashboard/web/test_links.py::test_every_link_leads_somewhere[mysql-pushes]",
    "tests/dashboard/web/test_links.py::test_every_link_leads_somewhere[mysql-runs]",
    "tests/fakegithub/test_history.py::test_worlds_reach_branches",
    "tests/healing/test_backup.py::test_database_restored_from_yesterdays_backup_becomes_whole"
    "[mysql-True]",
    "tests/lake/test_sync.py::test_other_store_with_fewer_runs",
    "tests/lake/test_sync.py::test_renamed_and_forgotten_repositories",
    "tests/listener/test_webhook_faults.py::test_delivery_around_an_outage_is_applied_as_soon_as"
    "_the_server_is_back[flask-mysql]",
    "tests/schema/adopt/test_killed.py::test_adoption_killed_anywhere_is_continued_at_once[mysql]",
    "tests/schema/test_migrate.py::test_upgrade_that_was_killed_anywhere_is_continued[mysql]",
    "tests/schema/test_migrate.py::test_every_index_is_created[mysql]",
    "tests/schema/test_previous_release.py::test_open_snapshot_holds_an_upgrade_up_and_neither"
    "_breaks[mysql]",
    "tests/schema/test_previous_release.py::test_release_before_writes_on_while_the_schema_is"
    "_upgraded[mysql]",
    "tests/sqlauthenticator/test_limits.py::test_frozen_server_is_waited_for_no_longer_than_the"
    "_limit_and_a_margin[mysql]",
    "tests/store/errors/test_kept_ranking.py::test_days_add_up_to_what_all_failures_tell[mysql]",
    "tests/torture/test_crash.py::test_losses_of_a_database_with_relaxed_flushing",
    "tests/torture/test_crash.py::test_nothing_acknowledged_is_lost_while_each_start_finds",
    "tests/torture/test_outages.py::test_outage_loses_nothing_and_no_request_waits_8_seconds"
    "[read-only-mariadb]",
    "tests/torture/test_outages.py::test_outage_loses_nothing_and_no_request_waits_8_seconds"
    "[stopped-mariadb]",
    "tests/torture/test_together.py::test_two_listeners_a_replay_and_a_backfill_leave_what_one"
    "_writer_leaves[mysql]",
    "tests/backfill/gitlab/test_forecast.py::test_thousand_pipelines_take_at_most_150_calls",
    "tests/clocks/test_clocks.py::test_cost_of_a_wrong_clock_is_found[every record is believed]",
    "tests/clocks/test_clocks.py::test_cost_of_a_wrong_clock_is_found[leases end when they say]",
    "tests/dashboard/test_browser.py::test_pages_fit_and_the_browser_has_nothing_to_complain_about"
    "[1600-dark]",
    "tests/dashboard/test_browser.py::test_pages_fit_and_the_browser_has_nothing_to_complain_about"
    "[375-light]",
    "tests/demo/test_cookbook.py::test_every_question_to_the_lake",
    "tests/deploy/image/test_image.py::test_program_starts_with_what_is_copied",
    "tests/deploy/test_lake_workflow.py::test_commands_of_the_build_collect_prove_and_draw",
    "tests/kubernetes/test_pods.py::test_retriever_that_is_killed",
    "tests/kubernetes/test_pods.py::test_retriever_that_takes_too_long",
    "tests/kubernetes/test_release.py::test_change_that_a_cluster_refuses",
    "tests/kubernetes/test_release.py::test_job_that_is_made_of_the_cronjob",
    "tests/kubernetes/test_release.py::test_installation_waits_for_the_secrets",
    "tests/lake/test_cli.py::test_a_day_with_the_lake",
    "tests/lake/test_cli.py::test_open_transaction_of_an_analyst",
    "tests/lake/test_faults.py::test_bucket_that_refuses",
    "tests/lake/test_faults.py::test_catalog_in_postgresql_follows",
    "tests/lake/test_faults.py::test_keys_that_expire_between_two_syncs",
    "tests/lake/test_faults.py::test_second_writer_is_told",
    "tests/lake/test_publish.py::test_bucket_is_published_to",
    "tests/lake/test_publish.py::test_files_go_once",
    "tests/lake/test_site.py::test_command_writes_it_in_place",
    "tests/lake/test_sync.py::test_change_whose_roll_ups_were_made",
    "tests/lake/test_sync.py::test_check_counts_no_change",
    "tests/lake/test_sync.py::test_commits_that_are_pushed",
    "tests/lake/test_sync.py::test_mark_that_was_lost",
    "tests/lake/test_sync.py::test_roll_ups_arrive",
    "tests/lake/test_sync.py::test_store_restored_from_yesterday",
    "tests/schema/test_migrate.py::test_every_index_is_created[mariadb]",
    "tests/store/test_convergence.py::test_story_in_any_order_often_and_by_several_writers_gives"
    "_its_rows[mariadb]",
    "tests/store/test_convergence.py::test_world_in_any_order_often_and_by_several_writers_gives"
    "_one_state[mariadb]",
    "tests/torture/test_outages.py::test_outage_loses_nothing_and_no_request_waits_8_seconds"
    "[without rights-mariadb]",
)
"""What takes ten seconds and more each, and has another test beside it, by the beginning of its
path: only with RUNLEDGER_TEST=all."""


def runs(test: str) -> bool:
    """Tell whether a test, by its path within the project, runs this time."""
    return ALL or not test.startswith(LONG)


PART = (
    "tests/backfill/pipeline/test_writer.py",
    "tests/benchmarks/test_server_copy.py",
    "tests/engines/",
    "tests/postgresql/",
    "tests/deploy/test_postgresql_accounts.py",
    "tests/deploy/grafana/",
    "tests/store/figures/test_job_counts.py",
    "tests/deploy/test_compose.py",
    "tests/kubernetes/",
    "tests/schema/test_migrate.py",
    "tests/schema/test_views.py",
    "tests/lake/test_store_rows.py::test_table_of_another_machines_postgresql",
    "tests/store/test_convergence.py",
    "tests/store/test_two_doors.py",
    "tests/store/test_guards.py",
    "tests/store/copying/",
    "tests/store/test_open.py",
    "tests/store/write/",
    "tests/store/doors/",
    "tests/store/state/test_clock.py",
    "tests/feedrunner/test_load.py::test_load_that_is_killed",
    "tests/feedrunner/test_load.py::test_same_rows_again",
    "tests/listener/check/",
    "tests/listener/test_webhook_faults.py",
    "tests/dashboard/pages/test_pages.py",
    "tests/sqlauthenticator/test_parity.py",
    "tests/sqlauthenticator/test_showing.py",
    "tests/sqlauthenticator/postgresql/",
    "tests/sqlauthenticator/reader/",
)
"""What runs on PostgreSQL and MariaDB always, by the beginning of its path."""
LONG_ON_POSTGRESQL = (
    "tests/postgresql/test_outages.py::test_outage_loses_nothing",
    "tests/engines/test_deadlocks.py",
    "tests/schema/test_migrate.py::test_upgrade_that_was_killed_anywhere_is_continued",
    "tests/sqlauthenticator/postgresql/test_access.py",
    "tests/sqlauthenticator/reader/test_reading_only.py::test_missing_guard_is_noticed",
)
"""Of these, what runs on PostgreSQL with RUNLEDGER_TEST=all only."""
NONE_EARLIER = (
    "tests/schema/adopt/",
    "tests/store/write/test_adopted_",
    *(f"tests/benchmarks/test_{name}.py" for name in ("drain", "latency", "listeners")),
)
"""Tables of an earlier installation, of which there are none on PostgreSQL, and programmes that
measure those engines."""


def runs_on(engine: str, test: str, others: Container[str]) -> bool:
    """Tell whether a test, by its path within the project, runs on its engine this time.

    Twenty minutes are all that four engines and the rest have: SQLite and MySQL, the engines of a
    first try and of production, run every test, the other two those where an engine can make a
    difference. `others`: the paths of all tests; what has no other on MySQL is MariaDB's alone,
    and runs.
    """
    if engine == "postgresql":
        is_short = test.startswith(PART) and not test.startswith(LONG_ON_POSTGRESQL)
        return (ALL or is_short) and not test.startswith(NONE_EARLIER)
    if engine == "mariadb" and test.replace("mariadb", "mysql") in others:
        return ALL or test.startswith(PART)
    return True
