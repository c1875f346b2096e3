"""Where the panel listens, and which desk it shows."""

import pytest

from ui.errors import SettingError
from ui.panel.panel_settings import PanelSettings


def test_settings_by_default_are_this_machine_s():
    found = PanelSettings.of({})
    assert found == PanelSettings("127.0.0.1", 8501, None, None, None, None)
    assert found.url == "http://127.0.0.1:8501"
    assert not found.by_tls


def test_settings_are_those_of_the_environment():
    environ = {
        "EVOQ_BIND": "0.0.0.0",
        "EVOQ_PANEL_PORT": "443",
        "EVOQ_TLS_CERT": "/c.pem",
        "EVOQ_TLS_KEY": "/k.pem",
        "EVOQ_API_URL": "https://desk.example:8888",
    }
    found = PanelSettings.of(environ)
    assert found.api_url == "https://desk.example:8888"
    assert found.url == "https://0.0.0.0:443"
    assert found.by_tls


def test_settings_behind_a_proxy_with_tls_count_as_tls():
    assert PanelSettings.of({"EVOQ_PANEL_URL": "https://desk.example"}).by_tls
    assert not PanelSettings.of({"EVOQ_PANEL_URL": "http://desk.example"}).by_tls


@pytest.mark.parametrize(
    ("environ", "rule"),
    [
        ({"EVOQ_PANEL_PORT": "0"}, r"EVOQ_PANEL_PORT must be in \[1, 65535\]"),
        ({"EVOQ_PANEL_PORT": "many"}, "EVOQ_PANEL_PORT"),
        ({"EVOQ_PANEL_PORT": "70000"}, "EVOQ_PANEL_PORT"),
        ({"EVOQ_BIND": "desk.example"}, "EVOQ_BIND must be an IP address"),
        ({"EVOQ_BIND": "0.0.0.0"}, "a password would travel in the open"),
        ({"EVOQ_TLS_CERT": "/c.pem"}, "must be set together"),
        ({"EVOQ_PANEL_URL": "javascript:alert(1)"}, "EVOQ_PANEL_URL must be an http or https address"),
    ],
)
def test_setting_that_cannot_be_meant_is_refused(environ, rule):
    with pytest.raises(SettingError, match=rule):
        PanelSettings.of(environ)
