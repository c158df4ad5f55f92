"""What ranks of a training say to each other is not encrypted: it stays within a host, unless somebody allows more."""

from __future__ import annotations

from pathlib import Path

from test_ssh import pytestmark, run

__all__ = ["pytestmark"]

PROGRAM = '''
import numpy as np
import phalanx.xgboost as pxgb

rng = np.random.default_rng(0)
X = rng.integers(0, 50, (600, 5)).astype(float)
y = (X[:, 0] + rng.integers(0, 9, 600) > X[:, 1]).astype(float)

class Seen(Exception):
    pass

def serving():
    return {place for name in ("head", "one", "two") for place in machines.serves(name)}

def look(round, history):
    raise Seen(serving())

def model(client, rounds=20, **more):
    matrix = pxgb.DaskDMatrix(client, X, y)
    output = pxgb.train(client, {"objective": "binary:logistic", "max_depth": 3}, matrix, rounds, verbose_eval=False, **more)
    return bytes(output["booster"].save_raw("ubj"))

def listening(**more):
    """Where ranks listen while they train."""
    before = serving()
    try:
        model(client, 100_000, callbacks=[look], **more)
    except Seen as seen:
        return seen.args[0] - before

def refused(**more):
    try:
        model(client, **more)
    except ValueError as error:
        return all(word in str(error) for word in ("unencrypted", "plaintext_between_hosts", "2 cores on one host"))

os.environ["PHALANX_RANKS_IDLE_SECONDS"] = "0"  # else ranks of the training before listen already
alone, two = model(None, ranks=1), model(None)
with SSHCluster(["head", "one", "two"], cores=1, memory="512MiB", **options) as cluster, cluster.get_client() as client:
    print("refused:", refused(), refused(plaintext_between_hosts=False))
    print("a rank alone:", model(client, ranks=1) == alone)
    print("allowed:", model(client, plaintext_between_hosts=True) == two)
    own = tuple(machines.machines[name].address + ":" for name in ("one", "two"))
    places = listening(plaintext_between_hosts=True)
    print("on own addresses:", len(places) >= 3, all(place.startswith(own) for place in places))
    os.environ["PHALANX_PLAINTEXT_BETWEEN_HOSTS"] = "1"
    classifier = pxgb.XGBClassifier(n_estimators=5, max_depth=3).fit(X, y)
    print("by the environment:", classifier.score(X, y) > 0.8, refused(plaintext_between_hosts=False))
    os.environ["PHALANX_PLAINTEXT_BETWEEN_HOSTS"] = "yes"
    try:
        model(client)
    except ValueError as error:
        print("neither 0 nor 1:", "PHALANX_PLAINTEXT_BETWEEN_HOSTS" in str(error))
    del os.environ["PHALANX_PLAINTEXT_BETWEEN_HOSTS"]
    cluster.launch(1, cores=2, memory="512MiB")
    client.wait_for_workers(3, timeout=60)
    print("on one host:", model(client) == two)
    places = listening()
    print("on loopback:", len(places) >= 3, all(place.startswith("127.0.0.1:") for place in places))
'''


def test_ranks_talk_within_a_host_unless_more_is_allowed(tmp_path: Path) -> None:
    assert run(tmp_path, PROGRAM) == [
        "refused: True True",
        "a rank alone: True",
        "allowed: True",
        "on own addresses: True True",
        "by the environment: True True",
        "neither 0 nor 1: True",
        "on one host: True",
        "on loopback: True True",
    ]
