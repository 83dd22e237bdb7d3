"""A client logs on, acts as the user that it is now, and logs off.

The package checks the password and creates a logon session; LSA makes the token and owns the session from then on. It
ends with the last token.
"""

from collections import Counter

from lsart_packages.password import WHOAMI, encode_logon, unpack_profile

import lsart
from lsart import enumerations
from lsart.events import LogonAudited, LogonSessionEnded, LogonSessionHandedOver

INTERACTIVE = enumerations.SECURITY_LOGON_TYPE.Interactive
LOCKOUT = lsart.LockoutPolicy(threshold=3, window_ns=600_000_000_000, duration_ns=900_000_000_000)
ACCOUNTS = lsart.Accounts(domain="CONTOSO", dns_domain="contoso.test", lockout=LOCKOUT)


async def log_on(client, user, password):
    number = await client.LsaLookupAuthenticationPackage(client.handle, "password")
    message = encode_logon("CONTOSO", user, password)
    source = lsart.TOKEN_SOURCE("example")
    return await client.LsaLogonUser(client.handle, "example 8", INTERACTIVE, number, message, None, None, source)


async def main():
    accounts = ACCOUNTS.with_account("alice", "correct horse")
    told = Counter()
    bus = lsart.Bus()
    bus.subscribe(lambda event: print(f"  audit   {lsart.NTSTATUS(event.status).name} {event.account}"), LogonAudited)
    bus.subscribe(lambda event: told.update([type(event).__name__]), LogonSessionHandedOver, LogonSessionEnded)

    settings = lsart.LsaSettings(accounts=accounts)
    async with lsart.open_lsa("password", settings=settings, bus=bus) as lsa, lsa.connect("desk") as desk:
        print("alice logs on:")
        logon = await log_on(desk, "alice", "correct horse")
        profile = unpack_profile(await desk.memory.read(logon.profile_buffer, logon.profile_buffer_length))
        print(f"  profile {profile.name}, logon {profile.logon_count}")
        print(f"  groups  {', '.join(each.sid for each in desk.handles.find(logon.token).content.groups[1:4])}")

        desk.ImpersonateLoggedOnUser(logon.token)
        print(f"  whoami  {(await desk.call('password', WHOAMI)).data.decode()}")
        desk.RevertToSelf()
        nobody = (await desk.call("password", WHOAMI)).protocol_status
        print(f"  and as the process itself: {nobody.name}")

        await desk.LsaFreeReturnBuffer(logon.profile_buffer)
        desk.CloseHandle(logon.token)
        print("alice is logged off, her session is gone:", lsa.security.sessions.find(logon.logon_id) is None)

        print("somebody guesses:")
        for password in ("horse", "battery", "staple", "correct horse"):
            try:
                await log_on(desk, "alice", password)
            except lsart.StatusError as error:
                print(f"  client  {error.status.name}, SubStatus {error.sub_status.name}")
    print(dict(told))


lsart.run(main, seed=0)
