"""Whether a TOKEN_SOURCE names the package that uses it."""

from __future__ import annotations

from lsart.contract import TOKEN_SOURCE
from lsart.events import Bus, Origin, TokenSourceForeign

__all__ = ["tell_foreign_source"]


def tell_foreign_source(source: TOKEN_SOURCE, names: tuple[str, ...], bus: Bus, origin: Origin) -> None:
    """Tell of a source that does not carry the package's name. `names` are what the package is called."""
    # Eight bytes may be too few for the name of the package, so a beginning of it will do.
    name = source.source_name
    if not name or not any(each.startswith(name) for each in names):
        bus.emit(TokenSourceForeign(time_ns=origin.time_ns, source=name, origin=origin))
