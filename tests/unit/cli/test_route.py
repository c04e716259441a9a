"""``provisioner route`` as a process: what it answers, and what its exit code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.worlds import ACCOUNT, SERVICE, ingress, provisioner, shop

OWN_CLASS = ("--provider", "aws")


def test_files_and_an_account_file_are_enough(tmp_path: Path) -> None:
    """No cluster and no credentials: the answer is what would be after apply."""
    files = ("-f", str(shop(tmp_path)), "--account", str(ACCOUNT))

    done = provisioner("route", "http://shop.example.com/cart", *files)

    assert done.returncode == 0, done.stderr
    assert "what would exist after apply" in done.stdout
    assert "Answer: forward" in done.stdout
    assert "shop/web port 80" in done.stdout


def test_files_alone_are_enough_without_a_cloud(tmp_path: Path) -> None:
    """--no-cloud asks nobody for anything, not even for the cluster's name."""
    arguments = ("-f", str(shop(tmp_path)), "--no-cloud", *OWN_CLASS, "-o", "json")

    done = provisioner("route", *arguments, "http://shop.example.com/")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert list(document) == ["request", "matched", "action", "backends", "trace"]
    assert document["backends"][0]["service"] == "shop/web"


def test_a_404_is_an_answer(tmp_path: Path) -> None:
    """The command did its work; the exit code speaks of the command, not of the request."""
    arguments = ("-f", str(shop(tmp_path)), "--no-cloud", *OWN_CLASS, "-o", "json")

    done = provisioner("route", *arguments, "http://other.example.com/")

    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["action"]["statusCode"] == 404
    assert document["matched"]["default"] is True


def test_method_header_and_address_are_part_of_the_request(tmp_path: Path) -> None:
    """They reach the evaluation as they were given."""
    arguments = ("-f", str(shop(tmp_path)), "--no-cloud", *OWN_CLASS, "-o", "json")
    more = ("--method", "POST", "--header", "Host: shop.example.com", "--source-ip", "10.0.0.1")

    done = provisioner("route", *arguments, *more, "--header", "X-A:1", "http://lb.example.org/x")

    request = json.loads(done.stdout)["request"]
    assert request["method"] == "POST"
    assert request["host"] == "shop.example.com"
    assert request["headers"] == [{"name": "X-A", "value": "1"}]
    assert request["sourceIp"] == "10.0.0.1"


def test_two_load_balancers_with_one_host_are_told_apart_by_group(tmp_path: Path) -> None:
    """Nothing is guessed; --group says which one DNS names."""
    path = shop(tmp_path, ingress(), ingress("other"), SERVICE)
    arguments = ("-f", str(path), "--no-cloud", *OWN_CLASS, "http://shop.example.com/")

    unclear = provisioner("route", *arguments)
    named = provisioner("route", *arguments, "--group", "shop/other", "-o", "json")

    assert unclear.returncode == 1
    assert "could mean 2 load balancers: shop/other, shop/web" in unclear.stderr
    assert json.loads(named.stdout)["matched"]["listener"] == "aws:listener/shop/other/80"


def test_what_was_left_out_is_said_with_the_answer(tmp_path: Path) -> None:
    """A path whose Service is missing answers 503; the note says why."""
    path = shop(tmp_path, ingress(service="gone"), SERVICE)
    arguments = ("-f", str(path), "--no-cloud", *OWN_CLASS)

    done = provisioner("route", *arguments, "http://shop.example.com/")

    assert done.returncode == 0, done.stderr
    assert "BACKEND-SERVICE-MISSING" in done.stdout


def test_notes_leave_the_document_alone(tmp_path: Path) -> None:
    """Under -o json they are on standard error, so that the document stays one."""
    path = shop(tmp_path, ingress(service="gone"), SERVICE)
    arguments = ("-f", str(path), "--no-cloud", *OWN_CLASS, "-o", "json")

    done = provisioner("route", *arguments, "http://shop.example.com/")

    assert json.loads(done.stdout)["action"]["statusCode"] == 503
    assert "note: left out: Ingress shop/web" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("ftp://a.io",), "not an http or https URL"),
        (("a.io", "--no-cloud"), "--no-cloud needs files"),
        (("a.io", "--prune", "--no-cluster"), "--prune needs files"),
        (("a.io", "--header", "x"), "--header"),
        ((), "URL"),
    ],
)
def test_what_cannot_be_asked_is_an_error(arguments: tuple[str, ...], word: str) -> None:
    """Exit code 1, a sentence, and no traceback."""
    done = provisioner("route", *arguments)

    assert done.returncode == 1
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_an_account_file_alone_says_what_exists(tmp_path: Path) -> None:
    """What this cluster owned when the file was written is asked like the account itself."""
    done = provisioner("route", "http://shop.example.com/", "--account", str(ACCOUNT))

    assert done.returncode == 1
    assert "there is no load balancer" in done.stderr
