"""Names that lead to packages, edges, scores, and dependents."""

import random
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import Connection, Engine, insert, select, text, update

from engines import kind_of
from engines.kind import Kind
from engines.transaction import transact
from schema.tables import packages as tables
from store.packages import name_links, scores
from store.packages.after_load import follow_load
from store.packages.dependents import list_dependents
from store.packages.name_links import link_names
from store.packages.page_rank import page_rank
from store.packages.scores import score_packages
from tests.counts import count
from tests.store.packages.shop import Shop, by_name, edges


def follow(engine: Engine, manager: str) -> None:
    link_names(engine, manager, transact)
    follow_load(engine, manager, transact)
    score_packages(engine, manager)


def test_edges_open_alternatives_and_names_that_others_provide(engine: Engine):
    with engine.begin() as connection:
        debian = Shop(connection, "debian")
        app, libc, exim, postfix, doc, *_ = (
            debian.package(name) for name in "app libc6 exim4 postfix app-doc unused".split()
        )
        debian.version(app, "0")
        debian.needs(app, ["unused"], version="0")
        mail = ("exim4", "mail-transport-agent")
        debian.needs(app, ["libc6", {"name": "libc6"}, mail, "never-was", "mta", "app"])
        debian.needs(doc, [{"name": "app", "kind": "optional"}, {"name": "libc6", "kind": "dev"}])
        debian.needs(postfix, [{"name": "libc6", "kind": "optional", "onlyif": "extra == 'x'"}])
        for agent in (exim, postfix):
            debian.provides(agent, "mail-transport-agent")
        debian.provides(postfix, "mta")
    follow(engine, "debian")
    assert edges(engine) == {
        ("app", "libc6", "runtime", False, False),
        ("app", "exim4", "runtime", True, False),
        ("app", "postfix", "runtime", True, True),
        ("app-doc", "app", "optional", False, False),
    }
    assert by_name(engine, "dependents") == {
        **{"app": 1, "libc6": 1, "exim4": 1, "postfix": 1, "app-doc": 0, "unused": 0}
    }
    with engine.connect() as connection:
        assert list_dependents(connection, [libc]) == {app}
    assert sum(by_name(engine, "score").values()) == pytest.approx(1)


def test_name_that_was_freed_leads_to_whoever_has_it_now(engine: Engine):
    with engine.begin() as connection:
        crates = Shop(connection, "crates")
        app = crates.package("app")
        old = crates.package("serde", import_id="1")
        crates.needs(app, ["serde"])
    link_names(engine, "crates", transact)
    with engine.begin() as connection:
        gone = update(tables.packages).where(tables.packages.c.Id == old)
        connection.execute(gone.values(gonetime=datetime(2026, 11, 1)))
    follow(engine, "crates")
    assert edges(engine) == {("app", "serde", "runtime", False, False)}
    with engine.begin() as connection:
        new = Shop(connection, "crates").package("serde", import_id="2")
    link_names(engine, "crates", transact)
    with engine.connect() as connection:
        assert connection.scalars(select(tables.dependencies.c.dependency_id)).all() == [new]


def test_list_of_a_repository_leads_to_packages_of_their_registries(engine: Engine):
    with engine.begin() as connection:
        repos, pypi, npm = (Shop(connection, name) for name in ("repos", "pypi", "npm"))
        app = repos.package("octo-org/app", import_id="github/1")
        repos.needs(app, ["pypi/flask", "npm/@types/node", "golang/x"])
    follow(engine, "repos")
    assert edges(engine) == set()
    with engine.begin() as connection:
        pypi.connection = npm.connection = connection
        pypi.package("Flask", import_id="flask")
        npm.package("@types/node")
    for name in ("pypi", "npm"):
        follow(engine, name)
    assert {needed for _, needed, *_ in edges(engine)} == {"Flask", "@types/node"}
    with engine.begin() as connection:
        repos.connection = connection
        repos.needs(repos.package("octo-org/web", import_id="github/2"), ["pypi/flask"])
    follow(engine, "repos")
    assert {own for own, needed, *_ in edges(engine) if needed == "Flask"} == {
        "octo-org/app", "octo-org/web"
    }  # fmt: skip


def test_scores_of_a_registry_whose_numbers_have_gaps_are_those_without(engine: Engine):
    with engine.begin() as connection:
        for at in range(6):
            npm, pypi = Shop(connection, "npm"), Shop(connection, "pypi")
            npm.needs(npm.package(f"n{at}"), [f"n{at - 1}"])
            if at != 3:
                pypi.needs(pypi.package(f"n{at}"), [f"n{at - 1}"])
    with engine.connect() as connection:
        c = tables.packages.c
        numbers = connection.scalars(select(c.Id).where(c.manager == "npm").order_by(c.Id)).all()
    assert numbers[-1] - numbers[0] > len(numbers)
    follow(engine, "npm")
    c, ranks = tables.packages.c, page_rank(6, [*range(1, 6)], [*range(5)])
    with engine.connect() as connection:
        query = select(c.score, c.dependents).where(c.manager == "npm").order_by(c.Id)
        rows = connection.execute(query).all()
    assert [score for score, _ in rows] == pytest.approx(list(ranks), abs=1e-6)
    assert [dependents for _, dependents in rows] == [1, 1, 1, 1, 1, 0]


def test_scores_count_who_a_server_cuts_off_of_a_text(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    # MySQL's and MariaDB's GROUP_CONCAT ends at a length, inside of a number, too.
    def kind_that_cuts(connection: Connection) -> Kind:
        kind = kind_of(connection)
        is_cutting = kind.name in ("mysql", "mariadb")
        cut = "SET SESSION group_concat_max_len = 15" if is_cutting else ""
        return replace(kind, deep_recursion=cut)

    monkeypatch.setattr(scores, "kind_of", kind_that_cuts)
    with engine.begin() as connection:
        npm = Shop(connection, "npm")
        npm.package("left-pad")
        npm.package("is-odd")
        for at in range(30):
            own = npm.package(f"app-{at}")
            npm.needs(own, ["left-pad", {"name": "is-odd", "kind": "optional"}])
    follow(engine, "npm")
    dependents = by_name(engine, "dependents")
    assert (dependents["left-pad"], dependents["is-odd"]) == (30, 30)
    ranks = page_rank(32, range(2, 32), [0] * 30)
    score = by_name(engine, "score")
    assert [score["left-pad"], score["is-odd"]] == pytest.approx([ranks[0], ranks[1]], abs=1e-6)


def test_dependents_are_all_of_a_chain_of_any_length(engine: Engine):
    # MariaDB gives a part of them after 1,000 steps, MySQL refuses.
    with engine.begin() as connection:
        rows = [
            {"package_id": one + 1, "dependency_id": one, "kind": "runtime", "alternative": False,
             "isvirtual": False}
            for one in range(1, 1200)
        ]  # fmt: skip
        rows += [{**rows[0], "package_id": 9000, "kind": "recommended"}]
        connection.execute(insert(tables.packageedges), rows)
    with engine.connect() as connection:
        assert list_dependents(connection, [1]) == {*range(2, 1201)}
        assert list_dependents(connection, [1], direct=True) == {2}
        assert list_dependents(connection, []) == set()


def test_ranks_of_a_known_graph_are_those_of_its_definition():
    # 0 and 1 need 2, 2 needs 3: the equations solved by hand, damping 0.85, 3 passes to all.
    ranks = page_rank(4, [0, 1, 2], [2, 2, 3])
    base = 1 / (1 + 1 + 2.7 + 0.85 * 2.7 + 1)
    assert ranks == pytest.approx([base, base, 2.7 * base, (1 + 0.85 * 2.7) * base], abs=1e-6)
    assert not page_rank(0, [], [])


@pytest.mark.parametrize("seed", range(count(20, 500)))
def test_ranks_of_any_graph_are_those_that_walking_it_over_and_over_gives(seed: int):
    draw = random.Random(seed)
    nodes = draw.randint(1, 12)
    edges = {(draw.randrange(nodes), draw.randrange(nodes)) for _ in range(draw.randint(0, 30))}
    pairs = sorted((source, target) for source, target in edges if source != target)
    out = [sum(source == node for source, _ in pairs) for node in range(nodes)]
    walked = [1 / nodes] * nodes
    for _ in range(200):
        spread = sum(rank for rank, number in zip(walked, out, strict=True) if not number)
        new = [(0.15 + 0.85 * spread) / nodes] * nodes
        for source, target in pairs:
            new[target] += 0.85 * walked[source] / out[source]
        walked = new
    ranks = page_rank(nodes, [a for a, _ in pairs], [b for _, b in pairs])
    assert ranks == pytest.approx(walked, abs=1e-7)
    assert sum(ranks) == pytest.approx(1)


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql", "postgresql"], indirect=True)
def test_server_knows_how_many_edges_there_are_once_they_are_made(engine: Engine):
    with engine.begin() as connection:
        shop = Shop(connection, "shop")
        apps = [shop.package(f"app {number}") for number in range(300)]
        for app in apps[1:]:
            shop.needs(app, ["app 0"])
    follow(engine, "shop")
    counted = "table_rows FROM information_schema.tables WHERE table_schema = DATABASE() AND"
    if engine.dialect.name == "postgresql":
        counted = "reltuples AS table_rows FROM (SELECT relname AS table_name, reltuples FROM"
        counted += " pg_class) named WHERE"
    with engine.connect() as connection:
        query = text(f"SELECT {counted} table_name = 'packageedges'")
        assert connection.scalar(query) == 299


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
@pytest.mark.parametrize(("column", "index"), name_links.INDEXES.items())
def test_server_that_has_not_counted_packages_finds_each_name_by_an_index(
    engine: Engine, column: str, index: str
):
    with engine.begin() as connection:
        crates = Shop(connection, "crates")
        crates.needs(crates.package("app"), ["serde"])
        query = name_links.link_by(column, crates.number)
        spelled = query.compile(engine, compile_kwargs={"literal_binds": True})
        plan = connection.exec_driver_sql(f"EXPLAIN FORMAT=TRADITIONAL {spelled}")
        steps = [row for row in plan.mappings() if row["table"] == "packages" and row["ref"]]
    assert {row["key"] for row in steps} == {index}
    assert {row["ref"].count(",") for row in steps} == {1}, "both columns of the index"
