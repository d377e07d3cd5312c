"""Where the lake is: every spelling that is understood, and those that are not."""

from pathlib import Path

import pytest

from config.lake_place import NO_MYSQL, read_lake
from config.layers import BadSetting


def test_lake_without_settings_is_a_folder(tmp_path: Path):
    lake = read_lake({}, tmp_path)
    assert (lake.kind, lake.catalog) == ("sqlite", "data/lake/catalog.sqlite")
    assert (lake.data, lake.objects) == ("data/lake/files/", None)


def test_names_of_the_seed_are_understood(tmp_path: Path):
    names = {
        "DUCKLAKE_HOST": "db.example.org",
        "DUCKLAKE_USER": "ci",
        "DUCKLAKE_DB_PASSWORD": "it's",
        "DUCKLAKE_S3_BUCKET": "s3:ci-lake/",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9000",
    }
    lake = read_lake(names, tmp_path)
    assert lake.kind == "postgres"
    assert lake.catalog == "host='db.example.org' dbname=ducklake_catalog user='ci'"
    assert (lake.password, lake.data) == ("it's", "s3://ci-lake/")
    assert lake.objects == ("key", "secret", None, "eu-west-1", "127.0.0.1:9000", False)
    assert "secret" not in repr(lake)
    assert lake.secrets == ("it's", "secret")


def test_password_in_a_catalog_is_taken_out_of_it(tmp_path: Path):
    text = "postgres:dbname=lake password='a \\'b' host=h"
    lake = read_lake({"LAKE_CATALOG": text}, tmp_path)
    assert (lake.catalog, lake.password) == ("dbname=lake  host=h", "a 'b")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("LAKE_CATALOG", "mysql:host=h", NO_MYSQL),
        ("LAKE_CATALOG", "mysql+pymysql://h/d", NO_MYSQL),
        ("LAKE_CATALOG", "postgresql://h/d", "not a URL"),
        ("LAKE_CATALOG", "file.sqlite", "sqlite:PATH"),
        ("LAKE_DATA", "http://h/", "a folder or s3://"),
        ("LAKE_DATA", "s3:bucket", "a folder or s3://"),
        ("LAKE_DATA", "s3://My_Bucket/", "3 to 63 small letters"),
        ("DUCKLAKE_S3_BUCKET", "b", "3 to 63 small letters"),
    ],
)
def test_wrong_place_is_refused_with_its_name(name: str, text: str, said: str, tmp_path: Path):
    with pytest.raises(BadSetting, match=name) as refused:
        read_lake({name: text}, tmp_path)
    assert said in str(refused.value)


def test_half_a_pair_of_keys_is_refused(tmp_path: Path):
    given = {"LAKE_DATA": "s3://bucket/", "AWS_ACCESS_KEY_ID": "key"}
    with pytest.raises(BadSetting, match="AWS_SECRET_ACCESS_KEY: is missing"):
        read_lake(given, tmp_path)
