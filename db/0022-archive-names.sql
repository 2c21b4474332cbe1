-- SPDX-License-Identifier: Apache-2.0
-- By the certificate, too: what leaves the store takes its names along, and
-- without this each one that left would read the whole table twice.
CREATE INDEX cert_name_cert ON cert_name (cert);
