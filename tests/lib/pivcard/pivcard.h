/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_PIVCARD_H
#define SIGNET_TESTS_PIVCARD_H
/*
 * A PIV card in software, for tests: SP 800-73-4 part 2, and, for the extended
 * personality, the vendor commands that many PIV tokens answer (version,
 * serial, metadata, attestation, retries, reset, management key).
 *
 * It is written from the standard and shares no code with personalize/, so
 * that one mistake is not made twice.  What a card keeps when power goes is in
 * one file, written whole after each change; the rest dies with pivcard_power().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/evp.h>
#include "base/mem.h"

#define PIVCARD_KEYS	25	/* 9A 9C 9D 9E, 82..95, F9 */
#define PIVCARD_OBJECTS	64
#define PIVCARD_DEFINED	80	/* objects and keys */

/* Status words, ISO 7816-4. */
enum {
	SW_OK = 0x9000, SW_LENGTH = 0x6700, SW_CHAINING = 0x6884,
	SW_SECURITY = 0x6982, SW_BLOCKED = 0x6983, SW_CONDITION = 0x6985,
	SW_DATA = 0x6a80, SW_FUNCTION = 0x6a81, SW_NO_OBJECT = 0x6a82,
	SW_NO_SPACE = 0x6a84, SW_P1P2 = 0x6a86, SW_NO_REFERENCE = 0x6a88,
	SW_INS = 0x6d00, SW_CLA = 0x6e00, SW_OTHER = 0x6f00,
	SW_TRIES = 0x63c0, SW_MORE = 0x6100, SW_LE = 0x6c00,
};

struct pivcard_pin {
	uint8_t	 value[8];
	int	 tries, max;
	bool	 is_default;
};

struct pivcard_key {
	uint8_t	  slot, alg, pin_policy, touch;
	EVP_PKEY *key;
};

struct pivcard_object {
	uint32_t	 tag;
	struct buf	 value;		/* what is inside 53 */
};

/* What this card does wrong, for tests of those who must notice. */
enum pivcard_lie {
	LIE_NONE,
	LIE_KEY,		/* shows a public key that is not its own */
	LIE_SIGNATURE,		/* signs something else */
	LIE_ATTESTATION,	/* attests another key */
	LIE_WITNESS,		/* does not know the management key */
	LIE_STORED,		/* says 9000 and keeps something else */
	LIE_OPEN,		/* shows all objects without a PIN */
	LIE_CHANNEL,		/* does not know the channel's keys */
	LIE_ANSWER,		/* answers in the channel are changed */
	LIE_ENDLESS,		/* the answer about a new key has no end */
	LIE__MAX
};

/* Status words that differ between cards. */
struct pivcard_kind {
	char		 letter;
	uint16_t	 wrong_alg, wrong_key;	/* of the management key */
	uint16_t	 not_offered;		/* GENERATE */
	uint16_t	 too_big;		/* PUT DATA */
	bool		 blocks_late;		/* 63C0 before 6983 */
	bool		 no_template;		/* SELECT says 61 00 */
	uint16_t	 absent;		/* GET DATA */
	bool		 cold;			/* 6F00 once after power on */
	bool		 short_name;		/* no version in its AID */
	bool		 no_count;		/* VERIFY wants a PIN */
	bool		 no_same;		/* a PUK may not stay as it is */
	bool		 global_pin;		/* is preferred */
};

/* A secure channel that is being opened, or is open. */
struct pivcard_channel {
	bool		 begun, is_open;
	uint8_t		 level, context[32], expected[16];
	size_t		 mac_len;
	unsigned int	 bits;
	uint8_t		 enc[32], mac[32], rmac[32], chain[16], counter[16];
	uint8_t		 plain[256];
};

struct pivcard {
	/* How it is made. */
	const char	*path;		/* state file, or NULL: none */
	bool		 torn;		/* writes each part as it comes */
	uint8_t		 manage_best;	/* the best cipher it has; 0: all */
	bool		 exact_le;	/* 6Cxx unless Le is what there is */
	bool		 t0;		/* T=0: no Le after data, 61xx instead */
	enum pivcard_lie lie;
	const struct pivcard_kind *kind;	/* or NULL: by the book */
	const char	*injected;	/* file of the key that it "makes" */

	/* What it keeps. */
	bool		 extended;
	size_t		 object_max;
	uint32_t	 serial;
	struct pivcard_pin pin, puk;
	uint8_t		 manage_alg, manage[32];
	bool		 manage_default;
	struct pivcard_key keys[PIVCARD_KEYS];
	size_t		 nkeys;
	struct pivcard_object objects[PIVCARD_OBJECTS];
	size_t		 nobjects;
	uint32_t	 written;	/* tag of the object that was last */
	uint8_t		 channel_enc[32], channel_mac[32];
	size_t		 channel_size;	/* of these keys; 0: it has none */
	uint32_t	 channel_count;
	bool		 is_bare;	/* has only what was defined */
	uint32_t	 defined[PIVCARD_DEFINED];	/* tags, slots */
	size_t		 ndefined;

	/* What dies with the power. */
	bool		 is_warm, selected, verified, verified_now, managed;
	bool		 in_domain;	/* the issuer's, instead of PIV */
	struct pivcard_channel channel;
	uint8_t		 witness[16], challenge[16];
	bool		 has_witness, has_challenge;
	struct buf	 chain;		/* command data so far */
	uint8_t		 chain_head[4];
	struct buf	 answer;	/* what GET RESPONSE still gives */
	size_t		 answered;
};

/* One command, its data joined. */
struct pivcard_command {
	uint8_t		 cla, ins, p1, p2;
	struct bytes	 data;
	size_t		 ne;		/* 0: no answer wanted */
};

/* A blank card with the usual defaults: PIN 123456, PUK 12345678, management
 * key 0102030405060708 three times (or twice, for AES). */
void	 pivcard_init(struct pivcard *, bool extended, uint8_t manage_alg);
/* 0, or -1: no such file, or not one of ours. */
int	 pivcard_load(struct pivcard *, const char *path);
void	 pivcard_save(const struct pivcard *);
void	 pivcard_clear(struct pivcard *);
void	 pivcard_power(struct pivcard *);
/* Answer to reset; returns its length. */
size_t	 pivcard_atr(const struct pivcard *, uint8_t atr[33]);
/* A command APDU in, answer and status word appended to out. */
void	 pivcard_apdu(struct pivcard *, struct bytes in, struct buf *out);

/* A strict card that comes with nothing but the keys of its channel, which are
 * those that everybody knows (40 41 42 ...). */
void	 pivcard_strip(struct pivcard *, size_t key_size);
/* ... of which those of this card were derived. */
void	 pivcard_diversify(struct pivcard *);

/* 'A' to 'E', or NULL. */
const struct pivcard_kind *pivcard_kind_find(char letter);
/* How long a real card takes for a command, in milliseconds. */
unsigned int pivcard_pace(const struct pivcard *, struct bytes in);

/* The commands: a status word, answer appended. */
uint16_t pivcard_select(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
/* In the issuer's security domain: what the chip's maker wrote. */
uint16_t pivcard_cplc(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_get_data(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_put_data(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_verify(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_change(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_unblock(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_generate(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_authenticate(struct pivcard *,
	    const struct pivcard_command *, struct buf *);
uint16_t pivcard_version(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_serial(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_metadata(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_attest(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_retries(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_reset(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_set_manage(struct pivcard *, const struct pivcard_command *,
	    struct buf *);

uint16_t pivcard_initialize(struct pivcard *, const struct pivcard_command *,
	    struct buf *);
uint16_t pivcard_external(struct pivcard *, const struct pivcard_command *);
uint16_t pivcard_admin(struct pivcard *, const struct pivcard_command *);
uint16_t pivcard_set_reference(struct pivcard *,
	    const struct pivcard_command *);

/* Out of the channel: false, and it is closed.  Into it. */
bool	 pivcard_channel_open(struct pivcard *, struct pivcard_command *);
void	 pivcard_channel_close(struct pivcard *, struct buf *answer,
	    uint16_t sw);
bool	 pivcard_is_defined(const struct pivcard *, uint32_t name);
int	 pivcard_define(struct pivcard *, uint32_t name);

/* A part of a chained PUT DATA has come (torn cards write it at once). */
void	 pivcard_put_part(struct pivcard *);

/* The power went in the middle of this command, which was not in a channel:
 * what it was to replace is neither what it was nor what it was to be. */
void	 pivcard_tear(struct pivcard *, struct bytes in);

/* Shared pieces. */
bool	 pivcard_slot_is(const struct pivcard *, uint8_t slot);
struct pivcard_key *pivcard_key_find(struct pivcard *, uint8_t slot);
struct pivcard_object *pivcard_object_find(struct pivcard *, uint32_t tag);
/* Replaces what is there.  -1: too many. */
int	 pivcard_object_set(struct pivcard *, uint32_t tag, struct bytes);
void	 pivcard_key_set(struct pivcard *, uint8_t slot, uint8_t alg,
	    uint8_t pin_policy, uint8_t touch, EVP_PKEY *);
size_t	 pivcard_manage_size(uint8_t alg);	/* 0: no such algorithm */
/* Does this card have that cipher for its management key? */
bool	 pivcard_manage_has(const struct pivcard *, uint8_t alg);
EVP_PKEY *pivcard_key_make(uint8_t alg);	/* NULL: none such */
void	 pivcard_public(struct buf *, EVP_PKEY *);	/* 81 82, or 86 */
/* 9B: witness and challenge, SP 800-73-4 part 2, A.1. */
uint16_t pivcard_manage_auth(struct pivcard *, const struct pivcard_command *,
	    struct bytes witness, bool has_witness, struct bytes challenge,
	    bool has_challenge, struct bytes response, bool has_response,
	    struct buf *);
/* Makes F9 and its certificate: its own, or by the maker whose key and
 * certificate are in the file, which is made first if it is not there. */
void	 pivcard_attester(struct pivcard *, const char *maker);
/* The virtual reader's wire. */
int	 pivcard_receive(int fd, uint8_t *, size_t);
int	 pivcard_reply(int fd, const uint8_t *, size_t);
int	 pivcard_go_in(int port);	/* -1 as long as there is no reader */

/* BER-TLV with tags of up to three bytes.  1, 0 at the end, -1. */
int	 ber_next(struct bytes *in, uint32_t *tag, struct bytes *value);
void	 ber_put(struct buf *, uint32_t tag, const void *, size_t);
/* Aborts with one line: what fails here is the machine's. */
#define pivcard_must(so, what)	do { if (!(so)) pivcard_die(what); } while (0)
__attribute__((noreturn)) void pivcard_die(const char *what);
#endif
