"""One use decided for many people at once: ten million standing codes, and a hundred million within a gigabyte."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benches.publishing import publish
from upheld.engines import arrays
from upheld.policy.compiled import Policy
from upheld.policy.table import Table
from upheld.policy.uses import Use

POLICIES = Path(__file__).parents[1] / "policies", Path(__file__).parent / "policies"
PARTNERS = Use(
    "marketing.partner",
    ("order.name", "order.shipping address"),
    "third party",
    chosen_by=("order.purchases",),
    vetted=True,
    under_contract=True,
)


def decided(file: Path, many: int) -> tuple[float, int, int, int, int]:
    """Processor seconds (best of five), outcomes, cells of the row, codes of the policy, people allowed."""
    table = Table([Policy.read(file)])
    kind = np.uint16 if table.size <= 1 << 16 else np.uint32 if table.size <= 1 << 32 else np.uint64
    codes = np.random.default_rng(35).integers(0, table.size, many, dtype=kind)
    row = table.row(PARTNERS)
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        answers = arrays.decide(table, row, codes)
        best = min(best, time.process_time() - began)
    for at in range(0, many, many // 97):  # the gather is what deciding one by one is
        if answers.of(at) != table.decide_code(PARTNERS, int(codes[at])):
            raise AssertionError("the gather disagrees with the table")
    return best, len(row.outcomes), row.size, table.size, int(answers.allowed().sum())


def hundred_million() -> None:
    """Decide a hundred million and print the seconds and the peak memory of this process in MiB."""
    table = Table([Policy.read(POLICIES[0] / "northgate.md")])
    row, many = table.row(PARTNERS), 100_000_000
    codes = np.empty(many, dtype=np.uint32)
    chance = np.random.default_rng(35)
    for start in range(0, many, 1_000_000):
        codes[start : start + 1_000_000] = chance.integers(0, table.size, 1_000_000, dtype=np.uint32)
    began = time.process_time()
    answers = arrays.decide(table, row, codes)
    used = time.process_time() - began
    print(used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(answers.ids))


def main() -> None:
    """Measure, print, publish. Targets: 100 million decisions a second and core, 1 GiB for 100 million."""
    rows = []
    for folder, name in zip(POLICIES, ("northgate.md", "thirtyfive.md"), strict=True):
        used, outcomes, cells, codes, allowed = decided(folder / name, 10_000_000)
        about = f"{outcomes} outcomes of {cells} cells; {codes:,} standing codes; {allowed / 1e7:.0%} allowed"
        rows.append([f"10 million, `{name}`", f"{used * 1000:.0f}", f"{10 / used:.0f}", "", about])
    said = subprocess.run([sys.executable, "-m", "benches.bulk", "memory"], capture_output=True, text=True, check=True).stdout.split()
    rows.append(
        [
            "100 million, `northgate.md`",
            f"{float(said[0]) * 1000:.0f}",
            f"{100 / float(said[0]):.0f}",
            f"{float(said[1]):.0f}",
            "codes of 4 bytes and answers of 2 in memory",
        ]
    )
    publish(
        "bulk",
        "One use, many people",
        ["people", "CPU ms", "million explained decisions per CPU second", "peak MiB of the process", "of which"],
        rows,
        data="random standing codes, every outcome with its clauses, obligations and reasons; one use: a mailing list to a third party",
        packages=("numpy",),
    )


if __name__ == "__main__":
    hundred_million() if sys.argv[1:] == ["memory"] else main()
