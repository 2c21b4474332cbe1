-- SPDX-License-Identifier: Apache-2.0
-- What an order was carried out by stays: its approvals are the evidence, and
-- who may add one to an order that waits may not take them from one that is
-- done, or that the CA has begun with.

CREATE FUNCTION orders_keep_blob() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'order % was used: its approvals stay as they are',
	    left(encode(OLD.id, 'hex'), 8) USING ERRCODE = 'SG001';
END $$;
CREATE TRIGGER blob_kept BEFORE UPDATE OF blob ON orders FOR EACH ROW
	WHEN (OLD.state NOT IN ('pending', 'ready')
	    OR OLD.open_items < OLD.items)
	EXECUTE FUNCTION orders_keep_blob();
