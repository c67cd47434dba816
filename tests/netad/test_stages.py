"""Seconds by stage."""

from netad.stages import Stages


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_time_counts_for_the_innermost_stage():
    """What the next stage spends waiting for the one before it is that one's; outside of all nothing counts."""
    clock = Clock()
    stages = Stages(clock)

    def reading():
        for _ in range(3):
            clock.now += 2
            yield "batch"

    def profiling():
        for batch in stages.each("read", reading()):
            clock.now += 0.5
            yield batch

    clock.now += 100
    with stages.during("score"):
        for _ in stages.each("profile", profiling()):
            clock.now += 0.25
    clock.now += 100
    assert stages.seconds == {"read": 6.0, "profile": 1.5, "score": 0.75}


def test_time_is_counted_up_to_now_and_after_an_error():
    """Also while a stage goes on, and when it ends by an error."""
    clock = Clock()
    stages = Stages(clock)
    try:
        with stages.during("deliver"):
            clock.now += 1
            assert stages.seconds == {"deliver": 1.0}
            raise OSError
    except OSError:
        clock.now += 5
    assert stages.seconds == {"deliver": 1.0}
