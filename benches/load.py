"""Load over HTTP on loopback: decisions from the API beside Cedar served the same way, and the opt-out form, durable.

Driven by wrk, which asks again when it has its answer (as much as the server can bear), and by `steady`, which asks as often as is said.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benches.publishing import publish
from benches.steady import drive, written
from tests.differential.foreign.cedar import Cedar
from tests.differential.foreign.questions import Question, questions
from tests.houses import House
from upheld.access.actions import SECRET, add
from upheld.choices.actions import Said, record_many
from upheld.people.identifiers import Email
from upheld.policy.compiled import Policy
from upheld.policy.document import parse
from upheld.postings.actions import post
from upheld.record import Actor

HERE = Path(__file__).parent
POLICY = HERE / "policies" / "thirtyfive.md"
PEOPLE = 100_000
BODIES = 20_000
KINDS = 1_000  # different uses among them
SECONDS = int(os.environ.get("UPHELD_BENCH_SECONDS", "10"))
CONNECTIONS = 64
STEADY = 10_000  # requests a second, by `steady`
BENCH = Actor("bench", None)
SCRIPT = """
local bodies, n = {}, 0
for line in io.lines("%(file)s") do bodies[#bodies + 1] = line end
wrk.method = "POST"
request = function()
  n = n %% #bodies + 1
  return wrk.format(nil, "%(path)s", {%(headers)s}, bodies[n])
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw, and the processor time of the servers per request. Latencies in ms."""

    rate: float
    p50: float
    p99: float
    wrong: int
    cpu: float


def main() -> None:
    """Measure, print, publish. Aims: 10,000 decisions a second with p99 of 20 ms; 100 opt-outs a second."""
    if shutil.which("wrk") is None:
        sys.exit("the load bench needs wrk: apt-get install wrk")
    folder, load = Path(tempfile.mkdtemp(prefix="upheld-bench-")), os.getloadavg()[0]
    try:
        rows = _decisions(folder) + _opt_outs(folder)
        publish(
            "load",
            "Load over HTTP",
            ["what", "a second", "p50 ms", "p99 ms", "refused or lost", "processor µs each"],
            rows,
            data=f"the policy of thirty-five rules; {PEOPLE:,} people with choices; {BODIES:,} mixed bodies of {KINDS:,} kinds of use, each"
            f" decision explained; on the same two cores: wrk with {CONNECTIONS} connections for {SECONDS} s (all it can), or {STEADY:,} a"
            f" second whatever comes back, each latency from when the request was due; load before: {load:.1f}. Cedar (cedarpy) answers"
            " from the same kind of bare process, without keys or record: it is told all facts, and names the policies that spoke",
            packages=("granian", "msgspec", "cedarpy", "django"),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _decisions(folder: Path) -> list[list[object]]:
    house, key = _house(folder / "home")
    policy = Policy.read(POLICY)
    asked = _mix(policy)
    bearer = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    chance = random.Random(4)
    facts = [_facts(each) for each in asked]
    persons = [{**_use(each), "person": {"email": f"p{chance.randrange(PEOPLE)}@shop.example"}} for each in asked]
    purposes = set(policy.vocabulary.purposes)
    rows: list[list[object]] = []
    for workers in (1, 2):
        command = [sys.executable, "-m", "upheld.cli.main", "--home", str(house.home.path), "serve", "api", "--workers", str(workers)]
        with _serving(command) as (port, child):
            for name, bodies in (("by e-mail address", persons), ("by facts", facts)):
                good = [one for one in bodies if one["purpose"] in purposes]
                sent = [json.dumps(one) for one in good]
                told = f"decide, {name}, {workers} process{'es' * (workers > 1)}"
                rows.append([f"{told}: all it can", *_row(_wrk(folder, port, "/api/v1/decide", bearer, sent, child))])
                rows.append([f"{told}: {STEADY:,} a second", *_row(_steady(port, "/api/v1/decide", bearer, sent, child))])
    cedar = Cedar(policy)
    with _serving([sys.executable, "-m", "benches.peers.cedar_http", str(POLICY)]) as (port, child):
        load = _wrk(
            folder, port, "/decide", {"content-type": "application/json"}, [json.dumps(cedar.request(each)) for each in asked], child
        )
        rows.append(["Cedar over HTTP, 1 process", *_row(load)])
    house.record.close()
    return rows


def _opt_outs(folder: Path) -> list[list[object]]:
    """The form `/stop` of the centre: each submission is a removal request on the disk before it is answered."""
    house, _ = _house(folder / "centre", people=0)
    with _serving([sys.executable, "-m", "upheld.cli.main", "--home", str(house.home.path), "serve", "centre"], centre=house) as (
        port,
        child,
    ):
        host = f"centre.localhost:{port}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/stop", headers={"Host": host, "X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.1"})
        answer = connection.getresponse()
        page = answer.read().decode()
        cookie = answer.getheader("Set-Cookie", "").partition(";")[0]
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token, page[:400]
        bodies = [f"csrfmiddlewaretoken={token[1]}&email=q{number}%40shop.example" for number in range(BODIES)]
        headers = {"Host": host, "cookie": cookie, "origin": f"http://{host}", "content-type": "application/x-www-form-urlencoded"}
        load = _wrk(folder, port, "/stop", headers, bodies, child, connections=16, spread=True)
    with house.record.reading() as conn:
        from upheld.requests.models import REQUEST

        kept = len(conn.execute(REQUEST.select()).all())
    house.record.close()
    return [[f"opt-out form, 1 process; {kept:,} requests in the record afterwards", *_row(load)]]


def _house(path: Path, people: int = PEOPLE) -> tuple[House, str]:
    house, now = House(path), datetime.now(UTC)
    with house.record.transaction() as tx:
        post(tx, parse(POLICY.read_text("utf-8"), "thirtyfive.md"), at=now, actor=BENCH)
        policy = Policy.read(POLICY)
        purposes = sorted({one.partition(".")[0] for one in policy.vocabulary.purposes})
        key = add(tx, house.home.key(SECRET), "bench", ["decide"], purposes, known=policy.vocabulary.purposes, at=now, actor=BENCH).text
    topics = policy.vocabulary.topics
    chance = random.Random(5)
    for begin in range(0, people, 10_000):
        said = [
            Said((Email(f"p{number}@shop.example"),), chance.choice(topics), chance.choice(("in", "out")), now, "import")
            for number in range(begin, begin + 10_000)
        ]
        with house.record.transaction() as tx:
            record_many(tx, house.keeper, said, topics, at=now, actor=BENCH)
    return house, key


def _mix(policy: Policy) -> list[Question]:
    """Mixed questions: the same kinds of use come again and again, as programs ask."""
    chance = random.Random(35)
    kinds = [(each.use, each.item) for each in questions(policy, KINDS, seed=1)]
    people = [each.standing for each in questions(policy, BODIES // 4, seed=2)]
    return [Question(*chance.choice(kinds), chance.choice(people)) for _ in range(BODIES)]


def _use(each: Question) -> dict[str, object]:
    use = each.use
    told: dict[str, object] = {
        "purpose": use.purpose,
        "items": list(use.items),
        "totals": list(use.totals),
        "chosen_by": list(use.chosen_by),
    }
    return told if use.people is None else told | {"people": use.people}


def _facts(each: Question) -> dict[str, object]:
    standing = each.standing
    facts = {"choices": dict(standing.choices), "region": standing.region, "age": standing.age}
    return {**_use(each), "facts": facts}


@contextmanager
def _serving(command: Sequence[str], centre: House | None = None) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if centre is not None:
        with (centre.home.path / "upheld.toml").open("a") as settings:
            settings.write(f'\n[web]\ncentre = "http://centre.localhost:{port}"\nbehind_proxy = "yes"\n')
    child = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert child.poll() is None
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        time.sleep(1)
        yield port, child
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)


def _wrk(
    folder: Path,
    port: int,
    path: str,
    headers: dict[str, str],
    bodies: Sequence[str],
    child: subprocess.Popen[bytes],
    *,
    connections: int = CONNECTIONS,
    spread: bool = False,
) -> Load:
    """Drive the address; a run of a fifth of the time comes first and does not count. `spread`: each request from another network."""
    file, script = folder / "bodies.txt", folder / "drive.lua"
    file.write_text("\n".join(bodies), encoding="utf-8")
    said = ", ".join(f'["{name}"] = "{value}"' for name, value in headers.items())
    if spread:
        said += ', ["x-forwarded-proto"] = "http"'
        said += ', ["x-forwarded-for"] = (n % 223 + 1) .. "." .. (math.floor(n / 223) % 250) .. "." .. (n % 250) .. ".1"'
    script.write_text(SCRIPT % {"file": file, "path": path, "headers": said}, encoding="utf-8")
    words = ["wrk", "-t1", f"-c{connections}", "--latency", "-s", str(script), f"http://127.0.0.1:{port}"]
    if not spread:
        subprocess.run([*words, f"-d{max(1, SECONDS // 5)}"], check=True, capture_output=True)
    before = _processor(child.pid)
    ran = subprocess.run([*words, f"-d{SECONDS}"], check=True, capture_output=True, text=True).stdout
    used = _processor(child.pid) - before
    done = int(_found(r"(\d+) requests in", ran))
    wrong = int(_found(r"Non-2xx or 3xx responses: (\d+)", ran) or 0)
    wrong += sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", ran)))
    return Load(float(_found(r"Requests/sec:\s+([\d.]+)", ran)), _ms(ran, "50%"), _ms(ran, "99%"), wrong, used / max(done, 1) * 1e6)


def _steady(port: int, path: str, headers: dict[str, str], bodies: Sequence[str], child: subprocess.Popen[bytes]) -> Load:
    """The same at a steady rate; a latency is counted from when a request was due."""
    before = _processor(child.pid)
    ran = drive(port, written(path, headers, bodies), STEADY, SECONDS)
    used = _processor(child.pid) - before
    return Load(ran.rate, ran.p50, ran.p99, ran.wrong, used / (STEADY * SECONDS) * 1e6)


def _processor(pid: int) -> float:
    """Seconds of processor time of a process and everything below it."""
    tick = os.sysconf("SC_CLK_TCK")
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = (int(fields[1]), (int(fields[11]) + int(fields[12])) / tick)
    mine = {pid}
    while more := {one for one, (parent, _) in parents.items() if parent in mine} - mine:
        mine |= more
    return sum(parents[one][1] for one in mine if one in parents)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def _ms(text: str, percent: str) -> float:
    found = re.search(rf"{percent}\s+([\d.]+)(us|ms|s)", text)
    assert found, text
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]


def _row(load: Load) -> list[object]:
    return [f"{load.rate:,.0f}", f"{load.p50:.1f}", f"{load.p99:.1f}", load.wrong, f"{load.cpu:.0f}"]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    main()
