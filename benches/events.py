"""Page events over HTTP on loopback: on the disk before they are acknowledged, and counted after a kill. Driven by wrk."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from benches.publishing import publish
from tests.houses import House
from upheld.policy.document import parse
from upheld.postings.actions import post
from upheld.record import Actor
from upheld.traffic.models import ACCOUNT

POLICY = Path(__file__).parents[1] / "policies" / "northgate.md"
SECONDS = int(os.environ.get("UPHELD_BENCH_SECONDS", "10"))
KILLS = int(os.environ.get("UPHELD_BENCH_KILLS", "5"))
PAGES, CAMPAIGNS, AGENTS = 2_000, 20, 50
SCRIPT = """
local n = math.random(1000000)
wrk.method = "POST"
request = function()
  n = n + 1
  local page = (n * 7919) %% %(pages)d
  local body = '{"e":"page","p":"/goods/page-' .. page .. '?utm_source=mail-' .. n %% %(campaigns)d .. '","r":"https://www.google.com"}'
  return wrk.format(nil, "/e", {
    ["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64) Chrome/" .. n %% %(agents)d,
    ["x-forwarded-for"] = (n %% 223 + 1) .. "." .. (math.floor(n / 223) %% 250) .. "." .. (n %% 250) .. ".1",
  }, body)
end
local acknowledged = 0
response = function(status) if status == 204 then acknowledged = acknowledged + 1; wrk.thread:set("acknowledged", acknowledged) end end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
done = function()
  local sum = 0
  for _, thread in ipairs(threads) do sum = sum + (thread:get("acknowledged") or 0) end
  io.write("acknowledged " .. sum .. "\\n")
end
"""


def main() -> None:
    """Measure, print, publish. Aim: 5,000 events a second on two cores, nothing acknowledged lost at kill -9."""
    if shutil.which("wrk") is None:
        sys.exit("the bench of events needs wrk: apt-get install wrk")
    folder = Path(tempfile.mkdtemp(prefix="upheld-bench-"))
    try:
        rows = [_run(folder, connections, kill=False) for connections in (32, 256, 1024)]
        killed = [_run(folder, 64, kill=True) for _ in range(KILLS)]
        acknowledged, counted = (sum(int(str(row[at]).replace(",", "")) for row in killed) for at in (1, 5))
        lost = sum(int(str(row[6])) for row in killed)
        rows.append([f"{KILLS} runs, each ended by kill -9", f"{acknowledged:,}", "", "", "", f"{counted:,}", lost])
        publish(
            "events",
            "Page events over HTTP",
            ["what", "acknowledged", "a second", "p99 ms", "server's processor µs each", "counted afterwards", "acknowledged and lost"],
            rows,
            data=f"{PAGES:,} pages, {CAMPAIGNS} campaigns, {AGENTS} programs, addresses of 14 million networks; wrk for {SECONDS} s on the "
            f"same two cores; load before: {os.getloadavg()[0]:.1f}. More may be counted than were acknowledged: what was on its way",
            packages=("granian", "numpy"),
        )
        if lost:
            sys.exit("acknowledged events were lost")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, connections: int, *, kill: bool) -> list[object]:
    house = House(Path(tempfile.mkdtemp(dir=folder)) / "home")
    with (house.home.path / "upheld.toml").open("a") as settings:
        settings.write('\n[web]\nbehind_proxy = "yes"\n')
    with house.record.transaction() as tx:
        post(tx, parse(POLICY.read_text("utf-8"), "northgate.md"), at=datetime.now(UTC), actor=Actor("bench", None))
    child, port = _serve(house)
    script = folder / "drive.lua"
    script.write_text(SCRIPT % {"pages": PAGES, "campaigns": CAMPAIGNS, "agents": AGENTS})
    words = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", "--latency", "-s", str(script), f"http://127.0.0.1:{port}"]
    end = threading.Timer(SECONDS * 0.6, lambda: os.killpg(child.pid, signal.SIGKILL))
    if kill:
        end.start()
    before = _processor(child.pid)
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    used = 0.0 if kill else _processor(child.pid) - before
    if kill:
        end.join()
        child.wait(30)
        child, port = _serve(house)
    os.killpg(child.pid, signal.SIGTERM)
    child.wait(60)
    acknowledged = int(_found(r"acknowledged (\d+)", said) or 0)
    with house.record.reading() as conn:
        counted = int(conn.execute(select(func.sum(ACCOUNT.c.lines)).where(ACCOUNT.c.fate == "counted")).scalar() or 0)
    house.record.close()
    rate = _found(r"Requests/sec:\s+([\d.]+)", said)
    p99 = _found(r"99%\s+([\d.]+\w+)", said)
    cost = f"{used / max(1, acknowledged) * 1e6:.0f}"
    return [
        f"{connections} connections",
        f"{acknowledged:,}",
        f"{float(rate or 0):,.0f}",
        p99,
        cost,
        f"{counted:,}",
        max(0, acknowledged - counted),
    ]


def _serve(house: House) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "upheld.cli.main", "--home", str(house.home.path), "serve", "events", "--port", str(port)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    for _ in range(600):
        assert child.poll() is None
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    time.sleep(1)
    return child, port


def _processor(pid: int) -> float:
    """Seconds of processor time of every process of a session."""
    tick, used = os.sysconf("SC_CLK_TCK"), 0.0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == pid:
                used += (int(fields[11]) + int(fields[12])) / tick
    return used


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    main()
