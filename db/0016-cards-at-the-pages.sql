-- SPDX-License-Identifier: Apache-2.0
-- Officers at the pages of the registration say what becomes of a card, as the
-- operator does.

INSERT INTO audit_act (role, act) VALUES ('signet_ra', 'card');

-- Of the cards that stations are at work with it says nothing.
CREATE TRIGGER made BEFORE UPDATE OF state ON card FOR EACH ROW
	WHEN (OLD.issued_at IS NULL AND current_user = 'signet_ra')
	EXECUTE FUNCTION state_is_wrong('card', 'state');
