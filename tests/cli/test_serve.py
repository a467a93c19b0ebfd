"""`jaringan serve`: whatever ends, what hangs on it ends or comes back, and nothing stays."""

import json
import os
import signal
import time
import urllib.request
from pathlib import Path

from embedded.world import postmaster, server_runs, until
from jaringan_usaha.embedded import EmbeddedServer
from service import MASTER_KEY

from .world import Serving, jaringan, lives, nothing_runs, sentence_of

ADMIT = {"title": "Koperasi Konsumen Melati"}


def test_ctrl_c_leaves_nothing_running(folder: Path) -> None:
    with Serving(folder) as service:
        assert service.ask("GET", "/healthz").body == {"state": "alive"}
        assert service.ask("GET", "/readyz").body["state"] == "ready"
        until(lambda: len(service.followers()) == 1)
        (follower,) = service.followers()
        said = service.interrupt()
        assert service.process.returncode == 0
        assert "Traceback" not in said
        assert not server_runs(folder)
        assert not lives(follower)
    until(lambda: nothing_runs(folder))


def test_the_terms_of_service_managers_are_obeyed_too(folder: Path) -> None:
    with Serving(folder) as service:
        service.end(signal.SIGTERM)
        assert service.process.returncode == 0
        assert not server_runs(folder)


def test_answers_do_not_tell_what_serves_them(serving: Serving) -> None:
    with urllib.request.urlopen(f"{serving.url}/healthz") as response:
        assert "server" not in response.headers
    assert "healthz" not in serving.interrupt()  # and no line is written for a request


def test_a_second_one_shares_the_database_and_may_outlive_the_first(folder: Path) -> None:
    with Serving(folder) as first, Serving(folder) as second:
        first.operate()
        second.key = first.key
        done = first.ask("PUT", "/v1/koperasi/kop-melati", ADMIT)
        assert done.status == 201
        shown = second.ask("GET", f"/v1/koperasi/kop-melati?after={done.body['position']}")
        assert shown.body["title"] == ADMIT["title"]
        first.interrupt()
        done = second.ask("PUT", "/v1/koperasi/kop-mawar", ADMIT)
        assert done.status == 201
        shown = second.ask("GET", f"/v1/koperasi/kop-mawar?after={done.body['position']}")
        assert shown.status == 200


def test_the_port_of_a_running_one_is_refused(folder: Path) -> None:
    with Serving(folder) as first:
        port = first.url.rpartition(":")[2]
        done = jaringan("serve", "--port", port, folder=folder)
        assert done.returncode == 1
        assert f"port {port} of 127.0.0.1 cannot be had" in sentence_of(done)
        assert first.ask("GET", "/readyz").status == 200


def test_kill_9_of_it_leaves_neither_follower_nor_database(folder: Path) -> None:
    with Serving(folder) as service:
        until(lambda: len(service.followers()) == 1)
        (follower,) = service.followers()
        service.process.kill()
        until(lambda: not lives(follower))
        until(lambda: not server_runs(folder))
    until(lambda: nothing_runs(folder))


def test_a_follower_that_dies_is_started_again(serving: Serving) -> None:
    until(lambda: len(serving.followers()) == 1)
    (first,) = serving.followers()
    os.kill(first, signal.SIGKILL)
    until(lambda: serving.followers() not in ([], [first]))
    done = serving.ask("PUT", "/v1/koperasi/kop-melati", ADMIT)
    path = f"/v1/koperasi/kop-melati?after={done.body['position']}"
    until(lambda: serving.ask("GET", path).status == 200)


def test_a_killed_database_is_started_again_and_nothing_is_lost(
    serving: Serving, folder: Path
) -> None:
    assert serving.ask("PUT", "/v1/koperasi/kop-before", ADMIT).status == 201
    os.kill(postmaster(folder), signal.SIGKILL)
    acknowledged = 0
    for number in range(200):
        answer = serving.ask("PUT", f"/v1/koperasi/kop-{number}", ADMIT)
        assert answer.status in (201, 503), answer
        if answer.status == 201:
            acknowledged += 1
            if acknowledged == 5:
                break
        else:
            assert answer.media_type == "application/problem+json"
            assert answer.body["detail"]
            time.sleep(0.1)
    assert acknowledged == 5, "it did not heal"
    until(lambda: serving.ask("GET", "/readyz").body.get("lag", {}).get("registry") == 0)
    shown = serving.ask("GET", "/v1/koperasi?limit=200").body["items"]
    assert len(shown) >= 6
    assert "kop-before" in {each["koperasi_id"] for each in shown}
    said = serving.interrupt()
    assert "the embedded server is gone; starting it again" in said


def test_with_a_database_of_ones_own_no_other_is_started(database: str, tmp_path: Path) -> None:
    folder = tmp_path / "never-made"
    options = {"JARINGAN_DATABASE_URL": database, "JARINGAN_MASTER_KEY_FILE": str(MASTER_KEY)}
    with Serving(folder, "--no-follow", **options) as service:
        made = jaringan("keys", "create", "--role", "operator", "--json", folder=folder, **options)
        service.key = json.loads(made.stdout)["key"]
        done = service.ask("PUT", "/v1/koperasi/kop-melati", ADMIT)
        assert done.status == 201
        assert service.followers() == []
        path = f"/v1/koperasi/kop-melati?after={done.body['position']}"
        assert service.ask("GET", path).status == 503  # nobody follows
        assert service.interrupt() == ""
    assert not folder.exists()


def test_keys_are_made_for_one_koperasi_and_ended(serving: Serving, folder: Path) -> None:
    made = jaringan(
        *("keys", "create", "--role", "koperasi", "--koperasi", "kop-melati"), folder=folder
    )
    operator, serving.key = serving.key, made.stdout.strip()
    assert serving.key.startswith("ju_live_")
    assert serving.ask("PUT", "/v1/koperasi/kop-melati", ADMIT).status == 403
    done = jaringan("keys", "revoke", serving.key[8:20], "--json", folder=folder)
    assert json.loads(done.stdout) == {"revoked": True}
    until(lambda: serving.ask("GET", "/v1/koperasi/kop-melati").status == 401)
    done = jaringan("keys", "revoke", serving.key[8:20], folder=folder)
    assert "there is no live key" in sentence_of(done)
    serving.key = operator
    assert serving.ask("GET", "/v1/koperasi").status == 200


def test_sec_1_a_supplier_key_is_limited_listed_and_rotated(serving: Serving, folder: Path) -> None:
    options = ("--role", "supplier", "--supplier", "bulog", "--scope", "catalog:read")
    made = jaringan("keys", "create", *options, "--days", "30", "--json", folder=folder)
    operator, serving.key = serving.key, json.loads(made.stdout)["key"]
    assert serving.ask("GET", "/v1/items").status == 200
    assert serving.ask("GET", "/v1/consolidated-orders").status == 403
    public = serving.key[8:20]
    done = jaringan("keys", "rotate", public, "--overlap-hours", "0", "--json", folder=folder)
    until(lambda: serving.ask("GET", "/v1/items").status == 401)
    serving.key = json.loads(done.stdout)["key"]
    assert serving.ask("GET", "/v1/items").status == 200
    listed = json.loads(jaringan("keys", "list", "--json", folder=folder).stdout)["keys"]
    states = {each["key_id"]: each["state"] for each in listed}
    assert (states[public], states[serving.key[8:20]]) == ("expired", "live")
    assert serving.key not in json.dumps(listed)
    assert public in jaringan("keys", "list", folder=folder).stdout
    refused = jaringan("keys", "create", "--role", "office", "--scope", "king:write", folder=folder)
    assert "there is no such scope" in sentence_of(refused)
    serving.key = operator


def test_sec_15_only_a_named_proxy_says_who_calls(folder: Path) -> None:
    """Else whoever writes a header calls from where a key may be used, and is never counted."""
    for proxy, status in (("", 403), ("127.0.0.1", 200)):
        with Serving(folder, JARINGAN_FORWARDED_ALLOW_IPS=proxy) as service:
            service.operate()
            there = {"role": "office", "addresses": ["10.1.2.0/24"]}
            made = service.ask(
                "POST", "/v1/keys", there, **{"Idempotency-Key": f"key-{proxy:->16}"}
            )
            service.key = made.body["key"]
            answer = service.ask("GET", "/v1/me", **{"X-Forwarded-For": "10.1.2.3"})
            assert answer.status == status, proxy
            service.interrupt()


def test_a_key_needs_a_network_that_is_open(folder: Path) -> None:
    with EmbeddedServer(folder) as server:
        done = jaringan(
            *("keys", "create", "--role", "operator", "--network", "7"),
            folder=folder,
            JARINGAN_DATABASE_URL=server.url,
        )
    assert "network 7 is not open: run `jaringan migrate --network 7`" in sentence_of(done)
