/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_PERSONALIZE_SCP03_PRIVATE_H
#define SIGNET_PERSONALIZE_SCP03_PRIVATE_H
/*
 * The sums of the channel, apart from its commands so that tests can give them
 * the challenges.
 */
#include "scp03.h"

#define SCP03_BLOCK	16
#define SCP03_KEY_MAX	32

enum {			/* security level: amendment D, 7.1.2, table 7-3 */
	SCP03_C_MAC = 0x01, SCP03_C_ENC = 0x02, SCP03_R_MAC = 0x10,
	SCP03_R_ENC = 0x20,
};

struct scp03 {
	uint8_t	 enc[SCP03_KEY_MAX], mac[SCP03_KEY_MAX], rmac[SCP03_KEY_MAX];
	size_t	 key_len;
	size_t	 mac_len;		/* 8 or 16 */
	uint8_t	 level;
	uint8_t	 chain[SCP03_BLOCK];	/* of the last command's MAC */
	uint8_t	 counter[SCP03_BLOCK];
};

/* Session keys from both challenges, and what each side shows. */
int	 scp03_derive(struct scp03 *, const struct scp03_keys *,
	    struct bytes host, struct bytes card, uint8_t card_shows[16],
	    uint8_t host_shows[16], struct error *);
int	 scp03_cbc(const struct scp03 *, bool encrypt, uint8_t first,
	    uint8_t *data, size_t n, struct error *);
int	 scp03_cmac(const uint8_t *key, size_t key_len, struct bytes a,
	    struct bytes b, struct bytes c, uint8_t out[SCP03_BLOCK],
	    struct error *);
#endif
