-- SPDX-License-Identifier: Apache-2.0
-- A directory that is there and takes nothing that is written to it.

ALTER TABLE target ADD refusing boolean NOT NULL DEFAULT false
	CHECK (NOT refusing OR error IS NOT NULL);
