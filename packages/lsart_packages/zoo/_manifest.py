"""What is wrong with each package of the zoo, for tools that have to find it and for tests of them."""

from __future__ import annotations

import attrs

__all__ = ["ZOO", "Zoo"]


@attrs.frozen
class Zoo:
    """One defect.

    Args:
        name: of the package in `lsart_packages.zoo`. kind: of the finding. rule: of the contract that is broken, or
            the gap that is relied on; empty where it is no rule of the contract but good sense.
        shows: the event that tells of it, or in a few words what can be seen where no event does.
        functions: of the table, of both ends: where it begins, and where it goes wrong. One that has one end has one.
        strikes: what brings it to light: calls as its scenario has them ("plain"), memory that is refused
            ("nth-failure"), clients that mean harm ("hostile"), more of them ("population"), other orders
            ("schedules"), loading and going ("lifecycle"), another choice where no page says ("choices").
    """

    name: str
    kind: str
    rule: str
    shows: str
    functions: tuple[str, ...]
    strikes: str

    @property
    def source(self) -> str:
        """The package, as commands take it."""
        return f"zoo.{self.name}"

    @property
    def twin(self) -> str:
        """The same package without the defect."""
        class_name = "".join(each.capitalize() for each in self.name.split("_"))
        return f"lsart_packages.zoo.{self.name}.fixed:{class_name}"


ZOO = (
    Zoo("call_package", "pool-exhaustion", "CPK-1", "DeadlockError", ("CallPackage",), "schedules"),
    Zoo("client_buffer_to_lsa_heap", "wrong-pair", "FLH-1", "ForeignFree", ("FreeLsaHeap",), "plain"),
    Zoo("credential_leak", "credential-leak", "LLT-3", "CredentialLeaked", ("AddCredential",), "plain"),
    Zoo("double_fetch_flag", "double-fetch", "CSM-8", "the secret is answered", ("memory.read",), "hostile"),
    Zoo("double_fetch_length", "double-fetch", "CSM-8", "another box is answered", ("memory.read",), "hostile"),
    Zoo("double_fetch_offset", "double-fetch", "CSM-8", "what lies elsewhere is answered", ("memory.read",), "hostile"),
    Zoo("double_free", "double-free", "FPH-1", "DoubleFree", ("AllocatePrivateHeap", "FreePrivateHeap"), "plain"),
    Zoo("error_path_leak", "leak", "ALH-3", "BlockLeaked", ("AllocateLsaHeap",), "plain"),
    Zoo("failed_init_leak", "leak", "CSM-10", "SectionLeaked", ("CreateSharedMemory",), "nth-failure"),
    Zoo("growth", "growth", "APH-2", "blocks grow with the calls", ("AllocatePrivateHeap",), "population"),
    Zoo("handle_leak", "handle-leak", "", "HandleLeaked", ("CreateEvent",), "plain"),
    Zoo("information_leak", "information-leak", "ALH-5", "bytes of another client", ("AllocateLsaHeap",), "plain"),
    Zoo("lock_callback", "lock-across-callback", "CCB-1", "others wait for a client", ("ClientCallback",), "plain"),
    Zoo("lock_order", "lock-order", "", "DeadlockError", (), "schedules"),
    Zoo("lsa_heap_to_shared", "wrong-pair", "FSM-3", "WrongPair", ("AllocateLsaHeap", "FreeSharedMemory"), "plain"),
    Zoo("name_buffer", "output-not-from-heap", "LIP-4", "OutputNotFromHeap", ("AllocateLsaHeap",), "lifecycle"),
    Zoo("notification_leak", "notification-leak", "CNO-1", "registrations pile up", ("RegisterNotification",), "plain"),
    Zoo("null_unchecked", "null-unchecked", "ASM-5", "PackageDisabled", ("AllocateSharedMemory",), "nth-failure"),
    Zoo("other_section", "wrong-pair", "FSM-3", "WrongPair", ("AllocateSharedMemory", "FreeSharedMemory"), "plain"),
    Zoo("overrun", "overrun", "ASM-3", "another block changes", ("AllocateSharedMemory",), "plain"),
    Zoo("partial_work", "fault", "", "PackageDisabled", ("AllocateSharedMemory",), "plain"),
    Zoo("pool_exhaustion", "pool-exhaustion", "", "DeadlockError", (), "schedules"),
    Zoo("section_each", "section-per-client", "CSM-6", "a section for each", ("CreateSharedMemory",), "population"),
    Zoo("section_leak", "leak", "CSM-10", "SectionLeaked", ("CreateSharedMemory",), "plain"),
    Zoo("session_leak", "session-leak", "CLS-6", "LogonSessionLeaked", ("CreateLogonSession",), "plain"),
    Zoo("stale_handle", "stale-handle", "ASM-6", "AllocationRefused", ("AllocateSharedMemory",), "plain"),
    Zoo("token_leak", "token-leak", "CTX-3", "HandleLeaked", ("CreateTokenEx",), "plain"),
    Zoo("unchecked_length", "unchecked-length", "CSM-8", "AccessViolated", ("memory.read",), "hostile"),
    Zoo("unchecked_offset", "unchecked-offset", "CSM-8", "AccessViolated", ("memory.read",), "hostile"),
    Zoo("unchecked_pointer", "unchecked-pointer", "CSM-8", "AccessViolated", ("memory.read",), "hostile"),
    Zoo("underrun", "underrun", "APH-3", "another block changes", ("AllocatePrivateHeap",), "plain"),
    Zoo(
        "undocumented_reliance",
        "undocumented-reliance",
        "AllocatePrivateHeap/1",
        "another choice, another outcome",
        ("AllocatePrivateHeap",),
        "choices",
    ),
    Zoo("use_after_free", "use-after-free", "FSM-1", "UseAfterFree", ("FreeSharedMemory",), "schedules"),
)
"""All of them, by name."""
