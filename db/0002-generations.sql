-- SPDX-License-Identifier: Apache-2.0
-- Generations of a CA: a row each, "people", "people.g2", "people.g3" ...
-- What issues, and from when on, is in the settings of signet-cad; the store
-- has what the operator said when the certificate came, for listings.

ALTER TABLE ca
	ADD COLUMN starts_at timestamptz,
	ADD CONSTRAINT ca_generation_is_in_name
	    CHECK (generation = 1 OR name LIKE '%.g' || generation::text);
