-- SPDX-License-Identifier: Apache-2.0
-- After a restore the numbers of lists go on above this one: lists that were
-- published after the backup was made have the numbers below it.

ALTER TABLE ca ADD COLUMN crl_number_from bigint NOT NULL DEFAULT 0
	CHECK (crl_number_from >= 0);

INSERT INTO audit_act (role, act) VALUES ('signet_backup', 'backup');
