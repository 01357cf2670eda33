"""Values of an object that are computed when they are first asked for."""


class lazy_property:  # noqa: N801 (a decorator, as functools.cached_property is)
    """Property that is computed once for each object and kept in its ``__dict__``.

    As ``functools.cached_property``, which before Python 3.12 holds one lock for all objects of a
    class: the queries of several threads would wait for each other there.

    Parameters
    ----------
    function : function of the object
    """

    def __init__(self, function):
        self.function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        known = vars(instance)
        if self.name not in known:
            known[self.name] = self.function(instance)
        return known[self.name]
