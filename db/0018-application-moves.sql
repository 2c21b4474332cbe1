-- SPDX-License-Identifier: Apache-2.0
-- An officer sends an application to another registration office: where it came
-- from last, by whom and why is for those who find it there.  All moves are in
-- the audit chain.

ALTER TABLE application
	ADD moved_from	text COLLATE "C" CHECK (length(moved_from) BETWEEN 1 AND 64),
	ADD moved_by	text CHECK (length(moved_by) BETWEEN 1 AND 64),
	ADD moved_why	text CHECK (octet_length(moved_why) <= 600),
	ADD CHECK ((moved_by IS NULL) = (moved_why IS NULL)),
	ADD CHECK (moved_from IS NULL OR moved_by IS NOT NULL);

INSERT INTO audit_act (role, act) VALUES ('signet_ra', 'application-move');
