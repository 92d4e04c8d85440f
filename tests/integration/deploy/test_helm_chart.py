"""The Helm chart, rendered by Helm's own library and held against the schemas of Kubernetes."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml  # type: ignore[import-untyped]

from services.__main__ import COMMANDS
from services.auth import exposure
from services.settings import loader
from services.settings.settings import Settings
from tests.support.checkout import CHECKOUT

CHART = CHECKOUT / "deploy/helm/fanzha"
ADAPTER_RULES = CHECKOUT / "deploy/prometheus/adapter-rules.yml"
OLDEST, NEWEST = "1.30", "1.37"
NEEDED: dict[str, Any] = {
    "store": {"urlSecret": {"name": "store"}},
    "tls": {"secretName": "fanzha-tls"},
    "identities": {"secretName": "fanzha-identities"},
    "probes": {"clientSecretName": "fanzha-probes"},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "least": {},
    "most": {
        "image": {"digest": "sha256:" + "ab" * 32, "pullSecrets": [{"name": "registry"}]},
        "identities": {"secretName": "fanzha-identities", "tokenIssuer": "https://id.example"},
        "store": {
            "urlSecret": {"name": "store"},
            "peers": [{"podSelector": {"matchLabels": {"app": "valkey"}}}],
        },
        "settings": {"block_spam": True, "hit_stream_rows": 2_000_000, "link_cascade_share": 0.25},
        "files": [
            {"name": "smpp", "secretName": "smsc"},
            {"name": "trunks", "configMapName": "trunks"},
        ],
        "serve": {
            "autoscaling": {"enabled": True},
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "signalling", "operator": "Exists"}],
        },
        "warn": {"egress": [{"ports": [{"port": 2775, "protocol": "TCP"}]}]},
        "console": {"names": ["fanzha.bureau.example"]},
        "decisionLog": {"existingClaim": "decisions"},
        "networkPolicy": {
            "gateways": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
            "monitoring": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
            "egress": [{"ports": [{"port": 4317, "protocol": "TCP"}]}],
        },
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "priorityClassName": "signalling",
    },
    "plaintext": {"serve": {"plaintext": True}},
    "alone": {"warn": {"enabled": False}, "console": {"enabled": False}},
}
MOUNTED = (
    *("tls/tls.crt", "tls/tls.key", "tls/ca.crt", "client/tls.crt", "client/tls.key"),
    *("identities/identities.toml", "identities/jwks.json"),
)
"""What the Secrets hold, below /etc/fanzha."""
OPERATORS = "monitoring.coreos.com/v1"
"""Objects of an operator, of which Kubernetes has no schema."""


@cache
def objects(variant: str) -> tuple[dict[str, Any], ...]:
    with helm_python.Chart.load(CHART) as chart:
        rendered = chart.render(NEEDED | VARIANTS[variant], name="bureau", namespace="fraud")
    return tuple(
        one
        for file, text in rendered.items()
        if not file.endswith("NOTES.txt")
        for one in yaml.safe_load_all(text)
        if one is not None
    )


def of_kind(variant: str, *kinds: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects(variant) if one["kind"] in kinds}


def pods(variant: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, one in of_kind(variant, "Deployment", "StatefulSet").items():
        yield name.removeprefix("bureau-fanzha-"), one["spec"]["template"]
    for name, one in of_kind(variant, "Pod").items():
        yield name.removeprefix("bureau-fanzha-"), one


def environment(pod: Mapping[str, Any]) -> dict[str, str]:
    (container,) = pod["spec"]["containers"]
    return {one["name"]: one.get("value", "") for one in container["env"]}


@pytest.mark.parametrize("release", [OLDEST, NEWEST])
@pytest.mark.parametrize("variant", VARIANTS)
def test_kubernetes_takes_every_object(variant: str, release: str) -> None:
    for one in objects(variant):
        if one["apiVersion"] != OPERATORS:
            kubernetes_validate.validate(one, release, strict=True)
    names = [(one["kind"], one["metadata"]["name"]) for one in objects(variant)]
    assert len(set(names)) == len(names)


def test_helm_finds_nothing_to_mend() -> None:
    found = helm_python.lint(CHART, NEEDED, strict=True)

    # A chart without an icon is one without a picture in a catalogue.
    assert [one["error"] for one in found["messages"]] == ["icon is recommended"]
    assert found["errors"] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_pod_runs_without_rights(variant: str) -> None:
    for _, pod in pods(variant):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(spec)
        assert not [one for one in spec.get("volumes", ()) if "hostPath" in one]
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_volume_that_is_mounted_is_there(variant: str) -> None:
    claims = [
        claim["metadata"]["name"]
        for one in of_kind(variant, "StatefulSet").values()
        for claim in one["spec"]["volumeClaimTemplates"]
    ]
    for _, pod in pods(variant):
        spec = pod["spec"]
        mounted = {one["name"] for one in spec["containers"][0].get("volumeMounts", ())}
        there = {one["name"] for one in spec.get("volumes", ())}
        assert mounted - set(claims) == there - set(claims)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_role_starts_with_its_settings(
    variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in MOUNTED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    checks = {
        "serve": exposure.check_decisions,
        "admin": exposure.check_admin,
        "warn": exposure.check_warning,
        "console": exposure.check_console,
    }
    known = {f"FANZHA_{name.upper()}" for name in Settings.model_fields}
    of_clients = {"FANZHA_TLS_CA", "FANZHA_TLS_CLIENT_CERTIFICATE", "FANZHA_TLS_CLIENT_KEY"}
    for role, pod in pods(variant):
        if role == "test":
            continue
        with monkeypatch.context() as patch:
            for name, value in environment(pod).items():
                patch.setenv(name, value.replace("/etc/fanzha", str(tmp_path)))
            patch.setenv("FANZHA_REDIS_URL", "redis://store.example/0")
            settings = loader.load()
        (command,) = pod["spec"]["containers"][0]["args"]
        assert command == role
        assert command in COMMANDS
        assert set(environment(pod)) <= known | of_clients
        checks[role](settings)
        exposure.check_metrics(settings)
        # The folder of a volume belongs to root; the service makes its own in it.
        assert str(settings.data_dir) == "/data/fanzha"


def test_values_reach_the_settings_of_their_role_only() -> None:
    told = {role: environment(pod) for role, pod in pods("most") if role != "test"}

    assert {one["FANZHA_HIT_STREAM_ROWS"] for one in told.values()} == {"2000000"}
    assert {one["FANZHA_LINK_CASCADE_SHARE"] for one in told.values()} == {"0.25"}
    assert {one["FANZHA_BLOCK_SPAM"] for one in told.values()} == {"true"}
    assert [role for role, one in told.items() if "FANZHA_WORKERS" in one] == ["serve"]
    assert told["console"]["FANZHA_CONSOLE_ADMIN_TARGET"] == "bureau-fanzha-admin:7362"


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_service_leads_to_the_ports_of_its_pods_and_a_policy_opens_them(variant: str) -> None:
    roles = {
        name: pod["metadata"]["labels"] | {"name": name}
        for name, pod in pods(variant)
        if name != "test"
    }
    policies = of_kind(variant, "NetworkPolicy")
    ports = {
        name: {one["containerPort"] for one in pod["spec"]["containers"][0]["ports"]}
        for name, pod in pods(variant)
        if name != "test"
    }
    for service in of_kind(variant, "Service").values():
        selector = service["spec"]["selector"]
        chosen = [name for name, labels in roles.items() if selector.items() <= labels.items()]
        assert len(chosen) == 1
        assert {one["targetPort"] for one in service["spec"]["ports"]} <= ports[chosen[0]]
    for name, opened in ports.items():
        rules = policies[f"bureau-fanzha-{name}"]["spec"]["ingress"]
        assert {port["port"] for rule in rules for port in rule["ports"]} == opened
        assert all(rule["from"] for rule in rules)


def test_what_all_pods_may_reach_besides_is_in_each_policy_and_the_sms_centre_in_one() -> None:
    open_to = {
        name.removeprefix("bureau-fanzha-"): {
            port["port"] for rule in one["spec"]["egress"] for port in rule["ports"]
        }
        for name, one in of_kind("most", "NetworkPolicy").items()
    }

    assert [name for name, ports in open_to.items() if 4317 not in ports] == []
    assert [name for name, ports in open_to.items() if 2775 in ports] == ["warn"]


def test_probes_ask_for_health_as_a_client_with_a_certificate() -> None:
    for role, pod in pods("least"):
        if role in ("test", "console"):
            continue
        container = pod["spec"]["containers"][0]
        command = container["readinessProbe"]["exec"]["command"]
        port = container["ports"][0]["containerPort"]
        assert command[:5] == ["fanzha", "check", "health", "--target", f"127.0.0.1:{port}"]
        mounts = {one["mountPath"] for one in container["volumeMounts"]}
        told = environment(pod)
        for name in ("FANZHA_TLS_CA", "FANZHA_TLS_CLIENT_CERTIFICATE"):
            assert told[name].rpartition("/")[0] in mounts
    plain = dict(pods("plaintext"))["serve"]["spec"]["containers"][0]
    assert plain["readinessProbe"]["grpc"] == {"port": 7361}


def test_the_autoscaler_asks_for_the_metric_that_the_rule_of_the_adapter_makes() -> None:
    (scaler,) = of_kind("most", "HorizontalPodAutoscaler").values()
    (rule,) = yaml.safe_load(ADAPTER_RULES.read_text())["rules"]["custom"]
    deployments = of_kind("most", "Deployment")

    assert scaler["spec"]["metrics"][0]["pods"]["metric"]["name"] == rule["name"]["as"]
    series = re.match(r"\w+", rule["seriesQuery"])
    assert series
    assert series[0] == "fanzha_queue_seconds_bucket"
    # Where a number of replicas stood too, each release would undo what the autoscaler did.
    assert "replicas" not in deployments[scaler["spec"]["scaleTargetRef"]["name"]]["spec"]


def test_only_one_pod_ever_writes_the_audit_log_and_its_volume_stays() -> None:
    (admin,) = of_kind("most", "StatefulSet").values()

    assert admin["spec"]["replicas"] == 1
    assert admin["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    security = admin["spec"]["template"]["spec"]["securityContext"]
    assert security["fsGroupChangePolicy"] == "OnRootMismatch"


def test_no_secret_is_in_any_object_but_by_its_name() -> None:
    assert of_kind("most", "Secret", "ConfigMap") == {}
    for _, pod in pods("most"):
        for one in pod["spec"]["containers"][0].get("env", ()):
            assert one["name"] != "FANZHA_REDIS_URL" or "valueFrom" in one


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"store": {"urlSecret": {"name": ""}}}, "/store/urlSecret/name"),
        ({"tls": {"secretName": ""}}, "/tls/secretName"),
        ({"serve": {"replica": 3}}, "replica"),
        ({"serve": {"replicas": 0}}, "/serve/replicas"),
        ({"image": {"digest": "sha256:12"}}, "/image/digest"),
        ({"settings": {"data_dir": "/"}}, "data_dir"),
        ({"settings": {"FANZHA_WORKERS": 2}}, "FANZHA_WORKERS"),
        ({"files": [{"name": "tls", "secretName": "a"}]}, "/files/0/name"),
        ({"files": [{"name": "a"}]}, "/files/0"),
        ({"serve": {"podDisruptionBudget": {"minAvailable": 1}}}, "podDisruptionBudget"),
    ],
    ids=lambda one: json.dumps(one)[:40],
)
def test_values_that_make_no_sense_are_refused_and_named(wrong: dict[str, Any], named: str) -> None:
    with (
        helm_python.Chart.load(CHART) as chart,
        pytest.raises(helm_python.HelmError, match=re.escape(named)),
    ):
        chart.render(NEEDED | wrong, name="bureau")
