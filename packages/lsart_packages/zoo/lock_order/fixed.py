"""`zoo.lock_order` without its defect: a report takes the locks in the same order as everybody else."""

from __future__ import annotations

from lsart_packages.zoo import lock_order
from lsart_packages.zoo.lock_order import OPERATIONS

__all__ = ["OPERATIONS", "LockOrder"]


class LockOrder(lock_order.LockOrder):
    """Answers logon, logoff and report; first the lock of the sessions, then that of the audit log."""

    async def log_during(self, session: int) -> bytes | None:
        async with self.sessions_lock, self.audit_lock:
            return await self.copy_log(session)
