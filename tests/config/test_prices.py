"""What a minute of a runner costs, and what a prices file may say."""

from datetime import date

import pytest

from config.prices import read_prices

OWN = """
date = 2026-01-31
currency = "EUR"
[[runners]]
name = "big"
labels = ["*-16-cores"]
price = 0.1
[[runners]]
name = "any"
labels = ["Ubuntu-*"]
multiplier = 3
"""


@pytest.mark.parametrize(
    ("labels", "name", "price", "multiplier"),
    [
        (["ubuntu-24.04"], "Linux", 0.008, 1),
        (["Windows-2022"], "Windows", 0.016, 2),
        (["macos-15", "xlarge"], "macOS", 0.08, 10),
    ],
)
def test_hosted_runners_have_a_price_of_a_stated_date(
    labels: list[str], name: str, price: float, multiplier: float
):
    prices = read_prices("")
    found = prices.price_of(labels)
    assert found is not None
    assert (found.name, found.price, found.multiplier) == (name, price, multiplier)
    assert (prices.date, prices.currency) == (date(2025, 11, 6), "USD")


@pytest.mark.parametrize("labels", [[], ["self-hosted", "ubuntu-24.04"], ["gpu-pool"]])
def test_what_is_not_hosted_costs_nothing(labels: list[str]):
    assert read_prices("").price_of(labels) is None


def test_a_file_of_ones_own_holds_instead_and_its_first_that_fits():
    prices = read_prices(OWN)
    assert [runner.name for runner in prices.runners] == ["big", "any"]
    assert prices.price_of(["ubuntu-16-cores"]).name == "big"
    assert prices.price_of(["ubuntu-24.04"]).multiplier == 3
    assert prices.price_of(["macos-15"]) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("date = ", "is not TOML"),
        ("currency = 'USD'", "needs date"),
        ("date = 2026-01-31\nprice = 1", "'price'"),
        ("date = 2026-01-31\n[[runners]]\nlabels = ['x']", "needs a name"),
        ("date = 2026-01-31\n[[runners]]\nname = 'a'", "needs labels"),
        ("date = 2026-01-31\n[[runners]]\nname = 'a'\nlabels = ['x']\nprice = -1", "price"),
        ("date = 2026-01-31\n[[runners]]\nname = 'a'\ncost = 1", "'cost'"),
        ("date = 2026-01-31\nrunners = 1", "[[runners]]"),
    ],
)
def test_a_mistake_in_a_prices_file_is_named(text: str, said: str):
    with pytest.raises(ValueError, match=r".") as found:
        read_prices(text)
    assert said in str(found.value)
