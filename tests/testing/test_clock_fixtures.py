import time

import pytest

from connectors.runtime.clock import SystemClock
from connectors.testing import FakeClock, instant

pytest_plugins = ["pytester"]


def test_nobody_sleeps_inside_instant_and_time_still_passes():
    started = time.monotonic()
    with instant() as clock:
        before = SystemClock().now()
        SystemClock().sleep(3600)
        assert SystemClock().now() >= before + 3600
        assert clock.slept == [3600]
    assert time.monotonic() - started < 60
    assert abs(SystemClock().now() - time.time()) < 60


def test_instant_ends_with_an_error_too():
    with pytest.raises(ZeroDivisionError), instant():
        1 / 0  # noqa: B018
    assert abs(SystemClock().now() - time.time()) < 60


def test_a_fake_clock_stands_still_until_somebody_sleeps():
    clock = FakeClock(100)
    assert clock.now() == clock.now() == 100
    clock.sleep(5)
    clock.advance(2)
    clock.sleep(-1)
    assert clock.now() == 107
    assert clock.slept == [5, -1]


def test_the_real_clock_sleeps_for_nothing_less_than_a_while():
    SystemClock().sleep(0)
    SystemClock().sleep(-5)


def test_the_fixtures_come_with_the_package(pytester):
    pytester.makepyfile(
        """
        from connectors.runtime.clock import SystemClock

        def test_fake(fake_clock):
            fake_clock.sleep(9)
            assert fake_clock.slept == [9]

        def test_instant(no_waiting):
            SystemClock().sleep(10_000)
            assert no_waiting.slept == [10_000]

        def test_rules(cassette_rules):
            assert "authorization" not in cassette_rules()
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    import connectors.testing

    with pytest.raises(AttributeError):
        connectors.testing.nonsense  # noqa: B018
