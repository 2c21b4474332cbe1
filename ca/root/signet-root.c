/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root certification authority, off line.
 *
 * It reads and writes files below one directory, asks custodians for their
 * passphrases, and signs.  It opens no socket: the sandbox forbids it before
 * anything else happens.  Only with --token-sockets may a token's module open
 * local ones, never those of a network.
 */
#include "ca/root/run.h"
#include "os/cmd.h"

static const struct cmd_opt global[] = {
	{ "dir", 'D', CMD_STRING, false, "DIR",
	    "the root's directory (default: the present one)" },
	{ "custodian", 0, CMD_MANY, false, "NAME=SOURCE",
	    "a custodian and where the passphrase comes from: prompt, "
	    "file:PATH, fd:N" },
	{ "passphrase", 0, CMD_STRING, false, "SOURCE",
	    "where the passphrase of a key comes from that is not split, or "
	    "the PIN of its token" },
	{ "pkcs11-module", 0, CMD_STRING, false, "FILE",
	    "module of a token that has the key" },
	{ "token-path", 0, CMD_MANY, false, "PATH",
	    "file or directory that the module may write to" },
	{ "token-sockets", 0, CMD_FLAG, false, NULL,
	    "the module may make local sockets: pcscd" },
	{ "operator", 0, CMD_STRING, false, "NAME",
	    "who runs the ceremony, for the record" },
	{ "accept-clock", 0, CMD_FLAG, false, NULL,
	    "the clock is right although it went backwards" },
	{ "yes", 'y', CMD_FLAG, false, NULL, "do not ask for confirmation" },
	CMD_OPT_END
};

#define OPT_PROFILES \
	{ "profiles", 0, CMD_STRING, false, "DIR", "folder of the profiles" }
#define OPT_COMMENT \
	{ "comment", 0, CMD_STRING, false, "TEXT", "words for the record" }
#define OPT_CRL_LIFETIME \
	{ "crl-lifetime", 0, CMD_STRING, false, "TIME", \
	    "until the next CRL at the latest: 180d" }
#define OPT_ADDRESSES \
	{ "cdp", 0, CMD_MANY, false, "URL", "address of the root's CRL" }, \
	{ "aia", 0, CMD_MANY, false, "URL", \
	    "address of the root's certificate" }
#define OPT_KEY \
	{ "name", 0, CMD_STRING, false, "NAME", \
	    "name in index and file names (default: root)" }, \
	{ "subject", 0, CMD_MANY, false, "ATTR=VALUE", \
	    "attribute of the subject: C=SE, O=..., CN=..." }, \
	{ "key", 0, CMD_STRING, false, "KIND", \
	    "rsa:4096 (default), rsa:3072, ec:P-384, ec:P-256; or " \
	    "pkcs11:token=LABEL;object=LABEL" }, \
	{ "algorithm", 0, CMD_STRING, false, "KIND", \
	    "of a key that is made in a token (default: rsa:4096)" }, \
	{ "existing-key", 0, CMD_STRING, false, "REASON", \
	    "take a key that is in the token already" }, \
	{ "validity", 0, CMD_STRING, false, "TIME", "default: 20y" }, \
	{ "threshold", 0, CMD_NUMBER, false, "N", \
	    "custodians that are needed to use the key" }
#define OPT_CA \
	{ "name", 0, CMD_STRING, false, "NAME", \
	    "name of the CA in index and file names" }, \
	{ "validity", 0, CMD_STRING, false, "TIME", \
	    "default: the profile's" }, \
	{ "profile", 0, CMD_STRING, false, "NAME", \
	    "default: sub-ca; cross for cross-certify" }, \
	{ "path-length", 0, CMD_NUMBER, false, "N", \
	    "CAs that may follow below" }, \
	{ "ext-key-usage", 0, CMD_MANY, false, "LIST", \
	    "what certificates below may be for, with commas" }, \
	{ "policies", 0, CMD_MANY, false, "LIST", "certificate policies" }, \
	{ "again", 0, CMD_STRING, false, "REASON", \
	    "certify what was certified before" }

static const struct cmd_opt init_opts[] = {
	OPT_KEY, OPT_CRL_LIFETIME, OPT_ADDRESSES, OPT_PROFILES, OPT_COMMENT,
	CMD_OPT_END
};
static const struct cmd_opt certify_opts[] = {
	{ "csr", 0, CMD_STRING, false, "FILE",
	    "the request: PEM, or a parcel" },
	OPT_CA,
	{ "subject", 0, CMD_MANY, false, "ATTR=VALUE",
	    "instead of what the request says" },
	OPT_ADDRESSES, OPT_PROFILES, OPT_COMMENT,
	CMD_OPT_END
};
static const struct cmd_opt cross_opts[] = {
	{ "certificate", 0, CMD_STRING, false, "FILE",
	    "the foreign CA's certificate" },
	{ "csr", 0, CMD_STRING, false, "FILE",
	    "a request signed by its key" },
	{ "no-possession", 0, CMD_STRING, false, "REASON",
	    "do without the request" },
	OPT_CA,
	{ "permitted", 0, CMD_MANY, false, "LIST",
	    "names allowed below: mail:, dns:, uri:, ip:, dir:C=DE/O=..." },
	{ "excluded", 0, CMD_MANY, false, "LIST",
	    "names not allowed below" },
	{ "policy-mappings", 0, CMD_MANY, false, "LIST",
	    "what their policies count for: OURS=THEIRS" },
	{ "require-explicit-policy", 0, CMD_NUMBER, false, "N",
	    "a policy is needed after so many CAs" },
	{ "inhibit-policy-mapping", 0, CMD_NUMBER, false, "N",
	    "no mapping after so many CAs" },
	{ "inhibit-any-policy", 0, CMD_NUMBER, false, "N",
	    "anyPolicy counts for nothing after so many CAs" },
	{ "issued-to-us", 0, CMD_STRING, false, "FILE",
	    "their certificate for our root, for the pair" },
	OPT_ADDRESSES, OPT_PROFILES, OPT_COMMENT,
	CMD_OPT_END
};
static const struct cmd_opt revoke_opts[] = {
	{ "target", 0, CMD_STRING, false, "NAME",
	    "name or serial number, as in show" },
	{ "reason", 0, CMD_STRING, false, "WORD",
	    "keyCompromise, cACompromise, affiliationChanged, superseded, "
	    "cessationOfOperation, privilegeWithdrawn" },
	OPT_CRL_LIFETIME, OPT_COMMENT,
	CMD_OPT_END
};
static const struct cmd_opt crl_opts[] = {
	{ "generation", 0, CMD_NUMBER, false, "N",
	    "of the root (default: the present one)" },
	OPT_CRL_LIFETIME, OPT_COMMENT,
	CMD_OPT_END
};
static const struct cmd_opt roll_opts[] = {
	OPT_KEY,
	{ "new-custodian", 0, CMD_MANY, false, "NAME=SOURCE",
	    "a custodian of the new key" },
	{ "new-passphrase", 0, CMD_STRING, false, "SOURCE",
	    "passphrase of the new key, when it is not split, or the PIN of "
	    "its token" },
	OPT_CRL_LIFETIME, OPT_ADDRESSES, OPT_PROFILES, OPT_COMMENT,
	CMD_OPT_END
};
static const struct cmd_opt retire_opts[] = {
	{ "generation", 0, CMD_NUMBER, false, "N", "of the root" },
	OPT_COMMENT,
	CMD_OPT_END
};
static const struct cmd_opt approve_opts[] = {
	{ "output", 'o', CMD_STRING, false, "FILE",
	    "approved order; a folder for several" },
	{ "ceremony", 0, CMD_STRING, false, "FILE",
	    "take orders and output from a ceremony file" },
	OPT_COMMENT,
	CMD_OPT_END
};
static const struct cmd_opt show_opts[] = {
	{ "json", 0, CMD_FLAG, false, NULL, "for programs" },
	CMD_OPT_END
};
static const struct cmd_opt replay_opts[] = {
	{ "json", 0, CMD_FLAG, false, NULL, "for programs" },
	{ "expect", 0, CMD_STRING, false, "SEQ:HASH",
	    "a head that was written down after a ceremony" },
	CMD_OPT_END
};

#define CEREMONY	"[CEREMONY-FILE]"

static const struct cmd cmds[] = {
	{ "init", CEREMONY, "make a new root",
	    "Makes the key, the self-signed certificate and the first CRL. "
	    "The key is kept under one passphrase, or split among custodians "
	    "(--custodian and --threshold); or it is made in a PKCS#11 token "
	    "and never leaves it.",
	    "signet-root init --dir /media/root root.conf\n"
	    "signet-root init --dir /media/root --subject C=SE --subject "
	    "O=Example --subject 'CN=Example Root' --threshold 2 "
	    "--custodian ann --custodian bo --custodian cy\n"
	    "signet-root init --dir /media/root --subject C=SE --subject "
	    "O=Example --subject 'CN=Example Root' --operator ann --key "
	    "'pkcs11:token=root;object=root' --pkcs11-module "
	    "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so --token-sockets",
	    init_opts, 0, 1, root_init },
	{ "certify", CEREMONY, "certify an issuing CA from its request", NULL,
	    "signet-root certify --dir /media/root --csr people.csr --name "
	    "people --ext-key-usage emailProtection,clientAuth",
	    certify_opts, 0, 1, root_certify },
	{ "cross-certify", CEREMONY, "certify a foreign CA",
	    "Takes name and key of the other CA as they are. The parcel has "
	    "the certificate and, for the attribute crossCertificatePair of a "
	    "directory, NAME.pair: what we issued to them and, with "
	    "--issued-to-us, what they issued to us.",
	    "signet-root cross-certify --dir /media/root --certificate "
	    "partner.pem --csr partner.csr --name partner --permitted "
	    "mail:partner.example,dir:C=DE/O=Partner --policies 2.999.1 "
	    "--policy-mappings 2.999.1=2.999.7.1 --inhibit-any-policy 0",
	    cross_opts, 0, 1, root_cross_certify },
	{ "revoke", CEREMONY, "revoke a CA and sign a new CRL", NULL,
	    "signet-root revoke --dir /media/root --target people --reason "
	    "cACompromise",
	    revoke_opts, 0, 1, root_revoke },
	{ "crl", CEREMONY, "sign a new CRL", NULL,
	    "signet-root crl --dir /media/root",
	    crl_opts, 0, 1, root_crl },
	{ "roll", CEREMONY, "make a new generation of the root",
	    "Makes a new key and certificate, and certificates that link the "
	    "old and the new one. The old key is kept below old/ until it is "
	    "retired.",
	    "signet-root roll --dir /media/root roll.conf",
	    roll_opts, 0, 1, root_roll },
	{ "retire", CEREMONY, "destroy the key of an old generation", NULL,
	    "signet-root retire --dir /media/root --generation 1",
	    retire_opts, 0, 1, root_retire },
	{ "approve", "ORDER-FILE...", "approve orders with the root's key",
	    "Shows each order in words and signs it. The first officers and "
	    "agents get their certificates in this way.",
	    "signet-root approve --dir /media/root order.cms -o approved.cms",
	    approve_opts, 0, -1, root_approve },
	{ "resume", "", "finish an interrupted ceremony", NULL, NULL, NULL,
	    0, 0, root_resume },
	{ "show", "", "show root, CAs, CRLs and what expires next", NULL,
	    "signet-root show --dir /media/root",
	    show_opts, 0, 0, root_show },
	{ "replay", "", "prove all of it from the transcript",
	    "Recomputes the hash chain, verifies the signed heads, and holds "
	    "every file, certificate and CRL against the transcript. The exit "
	    "status is 3 when anything is missing, changed or unknown.",
	    "signet-root replay --dir /media/root",
	    replay_opts, 0, 0, root_replay },
	{ NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL },
};

static const struct cmd_suite suite = {
	"signet-root", "the root certification authority, off line", cmds,
	global, "See signet-root(8) and signet-ceremony(5)."
};

int
main(int argc, char *argv[])
{
	return cmd_run(&suite, argc, argv, NULL);
}
