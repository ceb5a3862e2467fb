"""A setting that is misspelt or unsafe stops the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.kernel.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"SOGOC_DATABSE_URL": "sqlite:///x"}, "did you mean SOGOC_DATABASE_URL"),
        ({"SOGOC_DATABASE_URL": "mysql://x"}, "SOGOC_DATABASE_URL"),
        ({"SOGOC_ACCESS_TOKEN_SECONDS": "3600"}, "between 1 and 600"),
        ({"SOGOC_POOL_SIZE": "many"}, "whole number"),
        ({"SOGOC_ISSUER": "http://registry.example"}, "https is required"),
        ({"SOGOC_ISSUER": "http://127.0.0.1.registry.example"}, "https is required"),
        ({"SOGOC_SQLITE_SYNCHRONOUS": "NORMAL"}, "production needs FULL"),
        ({"SOGOC_DATABASE_URL_FILE": "absent"}, "can't read the file"),
    ],
)
def test_a_bad_setting_stops_the_start(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environ(environ)


def test_the_demo_may_trade_durability_for_speed() -> None:
    demo = {"SOGOC_ENVIRONMENT": "demo", "SOGOC_SQLITE_SYNCHRONOUS": "NORMAL"}
    assert not Settings.from_environ(demo).production


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql+psycopg://registry@db/registry\n", "utf-8")
    settings = Settings.from_environ({"SOGOC_DATABASE_URL_FILE": str(secret), "HOME": "/"})
    assert settings.database_url == "postgresql+psycopg://registry@db/registry"
    with pytest.raises(SettingsError, match="set twice"):
        Settings.from_environ(
            {"SOGOC_DATABASE_URL_FILE": str(secret), "SOGOC_DATABASE_URL": "sqlite:///x"}
        )
