"""What the clients that check the simulator share: each check is a method of one class, and prints one JSON object."""

import asyncio
import json
import logging
import os
import sys
import threading

TIME_LIMIT = 55
# A stack may print a banner when it is imported; standard output carries the results only, so everything else goes to
# standard error. Import this first.
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
current = "start"


def report(check, ok, detail):
    print(json.dumps({"check": check, "ok": ok, "detail": str(detail)}), file=OUT, flush=True)


def give_up():
    report(current, False, f"not finished after {TIME_LIMIT} s")
    os._exit(1)


def require(condition, message):
    if not condition:
        raise AssertionError(message)


async def run_all(checks, names, vital, explain):
    global current
    failed = False
    for current in names:
        try:
            report(current, True, await getattr(checks, current)())
        except Exception as error:
            failed = True
            report(current, False, f"{type(error).__name__}: {explain(error)}")
            if current in vital:
                break  # nothing else can work
    return 1 if failed else 0


def run(checks, names, vital=("connect",), explain=str):
    """Runs `checks(URL).NAME()` for each name, in order; exits 0 only if every check passed."""
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)

    async def main():
        # Made inside: a stack may want a running loop.
        return await run_all(checks(sys.argv[1]), names, vital, explain)

    os._exit(asyncio.run(main()))


timer = threading.Timer(TIME_LIMIT, give_up)
timer.daemon = True
timer.start()
