"""Access: who may come in, the same for the HTTP API and the push.

`Gate` is what a server asks: `admit(token, address)` answers with a role, or with the reason for none. There are two
roles, read and operate; whoever holds the second may do what whoever holds the first may. A token comes from one of two
files in EVOQ_HOME (`Tokens`), or from a session that was begun with a password (`SignIn`, `Sessions`, `Passwords`).
"""

from cluster.access.gate import Admission, Gate
from cluster.access.listening import ListenAddress, listen_address, port_setting
from cluster.access.lockout import Lockout
from cluster.access.passwords import Passwords
from cluster.access.sessions import Session, Sessions, is_session_token
from cluster.access.shared_lockout import SharedLockout
from cluster.access.sign_in import SignIn, SignInOutcome
from cluster.access.tokens import Role, Tokens

__all__ = [
    "Admission",
    "Gate",
    "ListenAddress",
    "Lockout",
    "Passwords",
    "Role",
    "Session",
    "Sessions",
    "SharedLockout",
    "SignIn",
    "SignInOutcome",
    "Tokens",
    "is_session_token",
    "listen_address",
    "port_setting",
]
