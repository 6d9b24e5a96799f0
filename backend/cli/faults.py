"""Every fault a command can meet, as one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from backend import embedded
from backend.cli.edge import Refused
from backend.db.faults import Fault, fault_of
from backend.db.migrate import RolesMissing
from backend.observability.faults import facts_of
from backend.runtime import Unfit
from backend.runtime.fitness import unreachable
from backend.settings import SettingsError
from tasks.kernel.errors import FlowError
from tasks.kernel.sealing import SealBroken

SENTENCES: Final[tuple[tuple[tuple[type[Exception], ...], Callable[[Any], str]], ...]] = (
    ((FlowError,), lambda fault: fault.message("en")),
    ((Refused, Unfit, SettingsError, embedded.EmbeddedError), str),
    ((SealBroken,), lambda _: "the master key is not the one that sealed this data: restore the right one"),
    (
        (RolesMissing,),
        lambda fault: f"roles are missing and this login may not create them; as a superuser run:\n{fault};",
    ),
)


def sentence(fault: Exception) -> str:
    """What went wrong and, where we know, what to do."""
    for kinds, say in SENTENCES:
        if isinstance(fault, kinds):
            return say(fault)
    if isinstance(fault, FileNotFoundError | PermissionError | IsADirectoryError) and fault.filename:
        return f"{fault.strerror}: {Path(str(fault.filename))}"
    if fault_of(fault) is Fault.UNAVAILABLE:
        return unreachable(fault)
    facts = " ".join(f"{name}={value}" for name, value in facts_of(fault).items())
    return f"unexpected {facts} (HUIFANG_LOG_LEVEL=debug shows the traceback)"
