"""The way to an Airflow: what it answers, and what it says when it does not."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest
from tests.runners.airflow.small_airflow import USER, Fault

from stockstream.errors import CloudError, ConfigError, UnknownNameError
from stockstream.runners.airflow import dags
from stockstream.runners.airflow.api import AirflowRefusedError, api_path
from stockstream.runners.airflow.client import connect
from stockstream.runners.airflow.token_api import TokenApi, clean_url
from stockstream.settings import AirflowSettings

if TYPE_CHECKING:
    from tests.runners.airflow.small_airflow import SmallAirflow

PAGE = "<!DOCTYPE html><html><title>Sign in</title></html>"


def test_the_check_says_what_it_found(airflow: SmallAirflow, api: TokenApi) -> None:
    airflow.dags = {"one": airflow._row("one", "one.py", "now")}
    found = api.check()
    assert (found.version, found.dags, found.ill, found.place) == ("3.3.1", 1, [], "")
    assert found.name == f"the Airflow at {airflow.url}"
    assert set(found.parts.values()) == {"healthy"}
    assert not found.notes


def test_a_part_that_is_down(airflow: SmallAirflow, api: TokenApi) -> None:
    airflow.health |= {"scheduler": "unhealthy", "triggerer": None}  # type: ignore[dict-item]
    found = api.check()
    assert found.ill == ["scheduler"]
    assert "the triggerer is not running" in found.notes[0]


def test_one_login_serves_until_it_ends(airflow: SmallAirflow, api: TokenApi) -> None:
    api.call("GET", "/dags")
    api.call("GET", "/dags")
    assert airflow.count("POST", "/auth/token") == 1
    airflow.forget_logins()
    assert api.call("GET", "/dags")["total_entries"] == 0
    airflow.end_logins()
    assert api.call("GET", "/dags")["total_entries"] == 0
    assert airflow.count("POST", "/auth/token") == 3


def test_a_token_wins_over_the_user(airflow: SmallAirflow, api: TokenApi) -> None:
    api.call("GET", "/dags")
    token = next(iter(airflow._tokens))
    by_token = TokenApi(airflow.url, token=token)
    assert by_token.call("GET", "/dags")["total_entries"] == 0
    assert airflow.count("POST", "/auth/token") == 1
    for end in (airflow.end_logins, airflow.forget_logins):
        end()
        with pytest.raises(CloudError, match="does not accept the token: it has ended") as caught:
            by_token.call("GET", "/dags")
        assert token not in str(caught.value)


def test_where_everybody_is_let_in_no_user_is_needed(airflow: SmallAirflow, api: TokenApi) -> None:
    api.call("GET", "/dags")
    given = {"access_token": next(iter(airflow._tokens))}
    airflow.faults = [Fault("/auth/token", 201, given, method="GET")]
    assert TokenApi(airflow.url).call("GET", "/dags")["total_entries"] == 0


@pytest.mark.parametrize(
    ("user", "password", "message"),
    [
        (USER, "wr0ng-word", "does not let the user 'admin' in; set airflow.username"),
        ("nobody", "wr0ng-word", "does not let the user 'nobody' in"),
        ("", "", "does not let anybody without a login in"),
    ],
)
def test_a_login_that_is_refused(
    airflow: SmallAirflow, user: str, password: str, message: str
) -> None:
    with pytest.raises(CloudError, match=message) as caught:
        TokenApi(airflow.url, user, password).call("GET", "/dags")
    assert "wr0ng" not in str(caught.value)


def test_nobody_listens(socket_enabled: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    api = TokenApi(f"http://127.0.0.1:{port}")
    for ask in (api.check, lambda: api.call("GET", "/dags")):
        with pytest.raises(CloudError, match="does not answer: nothing listens there; set airflow"):
            ask()


def test_it_takes_too_long(socket_enabled: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        api = TokenApi(f"http://127.0.0.1:{server.getsockname()[1]}", patience=0.05)
        with pytest.raises(CloudError, match="does not answer: it took too long"):
            api.check()


def test_it_breaks_off(socket_enabled: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_hang_up, args=(server,))
        thread.start()
        api = TokenApi(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(CloudError, match="does not answer: it broke off"):
            api.version()
        thread.join()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("/api/v2/version", 200, PAGE), "it sent a web page and not JSON; set airflow.url"),
        (Fault("/api/v2/version", 404), "it answers 404 where Airflow 3 has /api/v2/version"),
        (Fault("/api/v2/version", 200, []), "it answers 200 where Airflow 3 has"),
        (Fault("/api/v2/version", 503, PAGE), r"is in trouble \(503\)"),
        (
            Fault("/api/v2/version", 302, "https://login.example/?next=s3cret"),
            "it sends on to https://login.example, perhaps to log in with a browser",
        ),
        (Fault("/auth/token", 200, PAGE), "it sent a web page and not JSON; set airflow.url"),
        (Fault("/auth/token", 404), "there is no Airflow at"),
    ],
)
def test_what_is_no_airflow(
    airflow: SmallAirflow, api: TokenApi, fault: Fault, message: str
) -> None:
    airflow.faults = [fault]
    with pytest.raises(CloudError, match=message) as caught:
        api.check()
    assert "s3cret" not in str(caught.value)


def test_an_airflow_that_is_too_old(airflow: SmallAirflow, api: TokenApi) -> None:
    airflow.faults = [
        Fault("/api/v2/version", 404),
        Fault("/api/v1/version", 200, {"version": "2.11.0"}),
    ]
    with pytest.raises(CloudError, match=r"is Airflow 2\.11\.0, .*version 3\.0 or newer is needed"):
        api.check()
    airflow.faults, airflow.version = [], "2.99.1"
    with pytest.raises(CloudError, match=r"is Airflow 2\.99\.1"):
        api.check()


def test_a_question_is_asked_again_and_a_change_is_not(
    airflow: SmallAirflow, api: TokenApi
) -> None:
    airflow.faults = [Fault("/api/v2/dags", 503, PAGE, times=2)]
    assert api.call("GET", "/dags")["total_entries"] == 0
    assert airflow.count("GET", "/api/v2/dags") == 3
    airflow.faults = [Fault("/api/v2/dags", 503, PAGE)]
    with pytest.raises(AirflowRefusedError, match=r"not JSON \(503\); it is in trouble") as caught:
        api.call("POST", api_path("dags", "one", "dagRuns"), {})
    assert caught.value.status == 503
    assert airflow.count("POST", "/api/v2/dags") == 1


def test_refusals_have_a_status_and_say_why(airflow: SmallAirflow, api: TokenApi) -> None:
    airflow.dags = {"one": airflow._row("one", "one.py", "now")}
    path = api_path("dags", "one", "dagRuns")
    with pytest.raises(
        AirflowRefusedError, match=r"body\.logical_date: Field required \(422\)"
    ) as caught:
        api.call("POST", path, {})
    assert caught.value.status == 422
    assert dags.trigger(api, "one", run="r") == "r"
    with pytest.raises(
        AirflowRefusedError, match=r"violation \(409\); there is one of this"
    ) as caught:
        dags.trigger(api, "one", run="r")
    assert caught.value.status == 409
    airflow.faults = [Fault("/api/v2/dags", 403, {"detail": "Forbidden"})]
    with pytest.raises(AirflowRefusedError, match=r"Forbidden \(403\); .* needs the role Op"):
        api.call("GET", "/dags")


def test_no_refusal_repeats_a_secret(airflow: SmallAirflow) -> None:
    password = airflow.password = "c4nary /&\"'"  # noqa: S105 - of the small one
    api = TokenApi(airflow.url, USER, password)
    api.call("GET", "/dags")
    token = api._given
    said = f"{password} c4nary%20%2F%26%22%27 {token}"
    airflow.faults = [Fault("/api/v2/dags", 400, {"detail": said})]
    with pytest.raises(AirflowRefusedError) as caught:
        api.call("GET", "/dags")
    assert "c4nary" not in str(caught.value)
    assert token not in str(caught.value)
    assert caught.value.detail == "*** *** ***"
    assert "c4nary" not in repr(api)
    airflow.forget_logins()
    airflow.faults = [Fault("/auth/token", 422, {"detail": [{"msg": said, "input": said}]})]
    with pytest.raises(CloudError) as refused:
        api.call("GET", "/dags")
    assert "c4nary" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (" https://air.example/team/api/v2/ ", "https://air.example/team"),
        ("https://air.example/home?x=1#y", "https://air.example"),
    ],
)
def test_addresses_are_taken_as_people_paste_them(given: str, clean: str) -> None:
    assert clean_url(given) == clean


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("localhost:8080", "is no address of the web"),
        ("file:///etc/passwd", "is no address of the web"),
        ("http://me:s3cr3t@air.example", "has a login in it"),
        ("http://air.example:port", "cannot be read as an address"),
        ("http://[air", "cannot be read as an address"),
        ("http://air.example/ä", "has signs that no address has"),
        ("http://air.ex ample", "has signs that no address has"),
    ],
)
def test_what_is_no_address(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        connect(AirflowSettings(url=url))
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize("token", ["two words", "new\nline", "grün"])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(ConfigError, match=r"airflow\.token is no token") as caught:
        connect(AirflowSettings(url="http://127.0.0.1", token=token))
    assert token not in str(caught.value)


def test_the_settings_name_one_airflow() -> None:
    with pytest.raises(ConfigError, match=r"no Airflow was named: set airflow\.url"):
        connect(AirflowSettings())
    with pytest.raises(ConfigError, match="keep one of the two"):
        connect(AirflowSettings(url="http://127.0.0.1", environment="mine"))


def test_a_password_on_an_open_line_is_noted() -> None:
    assert "is not encrypted" in TokenApi("http://air.example").notes()[0]
    assert TokenApi("https://air.example").notes() == []
    assert TokenApi("http://localhost:8080").notes() == []


def test_lists_are_read_page_after_page(airflow: SmallAirflow, api: TokenApi) -> None:
    names = [f"dag_{number:03}" for number in range(230)]
    airflow.dags = {name: airflow._row(name, f"{name}.py", "now") for name in names}
    airflow.dags["dag_007"]["is_stale"] = True
    assert [dag.id for dag in dags.list_dags(api)] == [n for n in names if n != "dag_007"]
    assert airflow.count("GET", "/api/v2/dags") == 3
    airflow.faults = [Fault("/api/v2/dags", 200, {"detail": "none"})]
    with pytest.raises(CloudError, match="gave no list of dags"):
        dags.list_dags(api)


def test_a_dag_that_is_not_there(airflow: SmallAirflow, api: TokenApi) -> None:
    with pytest.raises(UnknownNameError, match="has none yet: run `stockstream deploy airflow`"):
        dags.find_dag(api, "one")
    airflow.dags = {"one": airflow._row("one", "one.py", "now")}
    with pytest.raises(UnknownNameError, match="did you mean 'one'"):
        dags.find_dag(api, "ones")
    assert dags.find_dag(api, "one").paused


def test_a_run_from_its_start_to_its_end(airflow: SmallAirflow, api: TokenApi) -> None:
    airflow.dags = {"a b": airflow._row("a b", "one.py", "now")}
    assert dags.last_run(api, "a b") is None
    run = dags.trigger(api, "a b", {"x": 1})
    assert airflow.bodies[-1] == {"logical_date": None, "conf": {"x": 1}}
    assert dags.dag_run(api, "a b", run) == dags.last_run(api, "a b")
    assert dags.dag_run(api, "a b", "none") is None
    airflow.tasks[run] = [
        {"task_id": "plan", "state": "success", "rendered_map_index": None},
        {"task_id": "backtest", "state": "failed", "rendered_map_index": "fast=5"},
        {"task_id": "watcher", "state": "failed", "rendered_map_index": None},
    ]
    assert dags.failed_tasks(api, "a b", run) == ["backtest fast=5", "watcher"]


def test_variables_that_tasks_will_miss(airflow: SmallAirflow, api: TokenApi) -> None:
    assert dags.missing_variables(api, "local") == ["stockstream_lake or trading_strategies_bucket"]
    airflow.variables = {"stockstream_lake": "/lake", "batch_job_queue": "q"}
    assert dags.missing_variables(api, "local") == []
    assert dags.missing_variables(api, "batch") == ["batch_job_definition"]
    airflow.faults = [Fault("/api/v2/variables", 403, {"detail": "Forbidden"})]
    assert dags.missing_variables(api, "batch") == []


@pytest.mark.parametrize(("text", "message"), [("{", "no JSON"), ("[1]", "no object")])
def test_parameters_that_are_none(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        dags.demand_object(text)


def _hang_up(server: socket.socket) -> None:
    server.accept()[0].close()
