"""`zoo.pool_exhaustion` without its defect: signing with a locked card is refused at once, and no worker waits."""

from __future__ import annotations

from lsart import STATUS_ACCESS_DENIED, CallPackageReply, ClientRequest
from lsart_packages.zoo import pool_exhaustion
from lsart_packages.zoo.pool_exhaustion import OPERATIONS

__all__ = ["OPERATIONS", "PoolExhaustion"]


class PoolExhaustion(pool_exhaustion.PoolExhaustion):
    """Answers sign and enter_pin; clients come again when the PIN has been entered."""

    async def sign(self, client_request: ClientRequest, message: bytes) -> CallPackageReply:
        if not self.pin_entered.is_set():
            return CallPackageReply(protocol_status=STATUS_ACCESS_DENIED)
        return await super().sign(client_request, message)
