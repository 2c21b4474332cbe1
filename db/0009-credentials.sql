-- SPDX-License-Identifier: Apache-2.0
-- WebAuthn credentials of officers.  Whose a credential is an order says, which
-- travels with each assertion; that it is in force the signer's ledger says.
-- This is where the registration finds what to ask an officer's browser for.

ALTER TABLE orders DROP CONSTRAINT orders_kind_check;
ALTER TABLE orders ADD CONSTRAINT orders_kind_check CHECK (kind IN ('issue',
	'batch', 'item', 'revoke', 'hold', 'release', 'adopt', 'reject', 'bind',
	'unbind'));
DROP INDEX orders_status;
CREATE INDEX orders_status ON orders (seq) WHERE state = 'ready'
	AND kind IN ('revoke', 'hold', 'release', 'adopt', 'reject', 'bind',
	    'unbind');

CREATE TABLE credential (
	bind		bytea PRIMARY KEY CHECK (length(bind) = 32),	-- digest
	order_id	bytea NOT NULL UNIQUE REFERENCES orders,
	person		text COLLATE "C" NOT NULL CHECK (length(person) <= 64),
	credential	bytea NOT NULL CHECK (length(credential) BETWEEN 1 AND 1023),
	rp_id		text COLLATE "C" NOT NULL,
	origin		text COLLATE "C" NOT NULL,
	until		timestamptz,
	bound_at	timestamptz NOT NULL DEFAULT now(),
	unbound_at	timestamptz,
	unbound_by	bytea REFERENCES orders,
	CHECK ((unbound_at IS NULL) = (unbound_by IS NULL))
);
CREATE INDEX credential_person ON credential (person, bound_at);
