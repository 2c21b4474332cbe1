/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_X509_BLOCKLIST_PRIVATE_H
#define SIGNET_X509_BLOCKLIST_PRIVATE_H
/*
 * The file: magic, the number of records of each kind (eight octets, most
 * significant first), SHA-256 of all records, the records of each kind in
 * ascending order.
 */
#define BLOCKLIST_MAGIC		"signet-keys\0\0\0\0\1"
#define BLOCKLIST_MAGIC_SIZE	16
#define BLOCKLIST_RECORD	10	/* octets: what openssl-blacklist has */
#define BLOCKLIST_HEADER	(BLOCKLIST_MAGIC_SIZE + 8 * BLOCKLIST__MAX + 32)
#endif
