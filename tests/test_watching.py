from threading import Event

from broadsheet.watching import Watch


def test_it_looks_again_and_again_until_it_is_stopped():
    looks, third = [], Event()

    def look():
        looks.append(len(looks))
        if len(looks) == 3:
            third.set()
        return 0.0 if len(looks) < 3 else 3600.0

    watching = Watch("test", look)
    watching.start()
    assert third.wait(10)
    watching.stop()
    assert looks == [0, 1, 2]


def test_what_was_never_started_can_be_stopped():
    Watch("test", lambda: 0.0).stop()
