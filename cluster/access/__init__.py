"""Access: who may come in, the same for the HTTP API and the push: tokens with roles, a lock-out, and where we listen.

`Gate` is what a server asks: `admit(token, address)` answers with a role, or with the reason for none. The tokens are
two files in EVOQ_HOME, read and operate; whoever holds the second may do what whoever holds the first may.
"""

from cluster.access.gate import Admission, Gate
from cluster.access.listening import ListenAddress, listen_address, port_setting
from cluster.access.lockout import Lockout
from cluster.access.tokens import Role, Tokens

__all__ = ["Admission", "Gate", "ListenAddress", "Lockout", "Role", "Tokens", "listen_address", "port_setting"]
