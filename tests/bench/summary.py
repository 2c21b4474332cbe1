# SPDX-License-Identifier: Apache-2.0
"""One table of what the benches found, and the same for programs.

    summary.py ROWS BEGAN JSON [EARLIER]

ROWS are the lines that row.sh wrote, BEGAN is when the first bench did.
"""
import json
import os
import subprocess
import sys
import time


def first_line(*args):
    try:
        out = subprocess.run(args, capture_output=True, text=True, check=False)
    except OSError:
        return None
    lines = (out.stdout or out.stderr).splitlines()
    return lines[0].strip() if lines else None


def one_of(file, key):
    with open(file, encoding="utf-8") as f:
        for line in f:
            if line.split(":")[0].strip() == key:
                return line.split(":", 1)[1].strip()
    return None


def machine():
    """What the figures depend on beside our own programs."""
    return {
        "processor": one_of("/proc/cpuinfo", "model name"),
        "processors": len(os.sched_getaffinity(0)),
        "memory": one_of("/proc/meminfo", "MemTotal"),
        "kernel": os.uname().release,
        "openssl": first_line("openssl", "version"),
        "postgresql": first_line("psql", "--version"),
        "compiler": first_line("cc", "--version"),
    }


def number(n):
    """Three digits that say something, or all that are before the point."""
    if n == int(n) or abs(n) >= 100:
        return f"{n:,.0f}"
    return f"{n:.2f}" if abs(n) >= 1 else f"{n:.3g}"


def is_of(row):
    return (row["bench"], row["what"], row.get("after"),
            row.get("yardstick"))


def against(row, earlier):
    """How it stands to the same row of then; the ratio where there is one."""
    then = earlier.get(is_of(row))
    if then is None:
        return "new"
    key = "ratio" if "ratio" in row and then.get("ratio") else "figure"
    if not then.get(key):
        return ""
    return f"{row[key] / then[key]:.2f} x"


def cells(row, earlier):
    line = [row["what"], f"{number(row['figure'])} {row['unit']}".strip(),
            "", ""]
    if "yardstick" in row:
        line[2] = f"{row['yardstick']}: {number(row['yardstick_figure'])}"
        line[3] = f"{row['ratio']:.2f}"
    if earlier is not None:
        line.append(against(row, earlier))
    return line


def table(rows, earlier):
    head = ["what", "figure", "yardstick in the same run", "ratio"]
    if earlier is not None:
        head.append("to then")
    lines = [head] + [cells(r, earlier) for r in rows]
    wide = [max(len(line[i]) for line in lines) for i in range(len(head))]
    last = None
    for row, line in zip([None, *rows], lines):
        bench = row and row["bench"]
        if bench != last:
            print(f"{bench}:")
            last = bench
        print("  " + "  ".join(
            c.rjust(w) if i in (1, 3, 4) else c.ljust(w)
            for i, (c, w) in enumerate(zip(line, wide))).rstrip())


def read_rows(file):
    """"... of it" belongs to the row before it that stands for itself."""
    rows, of = [], None
    with open(file, encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            if row["what"].startswith("..."):
                row["after"] = of
            else:
                of = row["what"]
            rows.append(row)
    return rows


def main():
    rows = read_rows(sys.argv[1])
    if not rows:
        print("no figures", file=sys.stderr)
        return 1
    earlier = None
    if len(sys.argv) > 4:
        with open(sys.argv[4], encoding="utf-8") as f:
            earlier = {is_of(r): r for r in json.load(f)["rows"]}
    began = int(sys.argv[2])
    found = {
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)),
        "seconds": int(time.time()) - began,
        "load": os.getloadavg()[2],
        "machine": machine(),
        "rows": rows,
    }
    print()
    table(rows, earlier)
    with open(sys.argv[3] + ".new", "w", encoding="utf-8") as f:
        json.dump(found, f, indent=1)
        f.write("\n")
    os.replace(sys.argv[3] + ".new", sys.argv[3])
    m = found["machine"]
    print(f"\n{m['processors']} x {m['processor']}, {m['openssl']}, "
          f"{m['postgresql']}; load {found['load']:.1f}; "
          f"{found['seconds']} s; {sys.argv[3]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
