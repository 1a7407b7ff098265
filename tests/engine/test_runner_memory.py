"""Memory does not grow with the number of records."""

from __future__ import annotations

import tracemalloc

from connectors.engine.records import read_records

ROOM = 1_500_000  # bytes; a hundred of these records alone are 400,000


def peak_of(work) -> int:
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def things(count, salt):
    return ({"id": f"t{number}", "name": f"{salt} {number} " + "x" * 4000} for number in range(count))


def test_a_run_of_ten_times_as_many_records_takes_no_more_memory(toy):
    def run(count, salt):
        toy.script = lambda run: things(count, salt)
        return peak_of(toy.run)

    run(100, "warm")
    small, large = run(500, "a"), run(5000, "b")
    assert large < small + ROOM


def test_reading_ten_times_as_many_records_takes_no_more_memory(toy):
    toy.script = lambda run: things(3000, "x")
    toy.run()

    def read(count):
        found = read_records(toy.host, "dev", "acme", "Thing")
        return peak_of(lambda: [next(found) and None for _ in range(count)])

    assert read(3000) < read(300) + ROOM


def test_a_refresh_of_ten_times_as_many_stubs_takes_no_more_memory(toy):
    def run(count, version):
        stubs = ({"id": number, "version": version} for number in range(count))

        def read(stub):
            return {"id": stub["id"], "name": "x" * 4000, "v": version}

        toy.script = lambda run: run.refresh(stubs, read, version=lambda stub: stub["version"])
        return peak_of(toy.run)

    run(100, 0)
    small, large = run(400, 1), run(4000, 2)
    assert large < small + ROOM
