"""One process's share of a race between the verbs of what may happen once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from auth.grants.credentials import redeem_code
from auth.grants.pushed import decide
from auth.once import use_once
from registry.kernel.db import Database

# What is raced: the name of a verb, and what it is given.
Race = tuple[str, tuple[Any, ...]]
THREADS = 17


def take_part(url: str, races: list[Race], gate: Any, results: Any) -> None:
    """Run every race when all processes are there; put how often each verb said yes to us."""
    database = Database(url, pool_size=THREADS)

    def attempt(race: Race) -> bool:
        verb, given = race
        if verb == "use_once":
            return use_once(database, "assertion", *given)
        with database.transaction() as session:
            return bool(redeem_code(session, *given) if verb == "code" else decide(session, *given))

    gained = []
    with ThreadPoolExecutor(THREADS) as pool:
        for race in races:
            gate.wait()
            gained.append(sum(pool.map(attempt, [race] * THREADS)))
    results.put(gained)
    database.close()
