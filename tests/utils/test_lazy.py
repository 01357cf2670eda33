import threading

from skally.utils.lazy import lazy_property


class Counted:
    n = 0

    @lazy_property
    def value(self):
        """Documented."""
        self.n += 1
        return self.n


def test_a_value_is_computed_once_for_each_object():
    first, second = Counted(), Counted()
    assert first.value == first.value == second.value == 1 and first.n == 1
    assert Counted.value.__doc__ == "Documented."


def test_objects_do_not_wait_for_each_other():
    """Each of two threads waits until the other computes too, as it never would under a lock."""
    both = threading.Barrier(2, timeout=60)

    class Meeting:
        @lazy_property
        def value(self):
            return both.wait() >= 0

    found = []
    threads = [threading.Thread(target=lambda: found.append(Meeting().value)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True, True]
