// SPDX-License-Identifier: Apache-2.0
// Writes a key and its certificates as PKCS#12 (RFC 7292), and a key alone as
// encrypted PKCS#8 (RFC 5958).  PBES2 with AES-256-CBC and a MAC of SHA-256,
// as OpenSSL 3 writes them; nothing of the weak ciphers of old.
import { bmp, concat, context, integer, nothing, octets, oid, sequence,
    setOf } from "./der.js";
import { cipherKey, mac } from "./pkcs12_kdf.js";

// Guessing a password costs this much.  .NET refuses files beyond 300,000 at
// one place or 1,000,000 in all; a telephone takes a second for it.
export const ITERATIONS = 100000;

const DATA = "1.2.840.113549.1.7.1";
const ENCRYPTED = "1.2.840.113549.1.7.6";
const SHROUDED_KEY = "1.2.840.113549.1.12.10.1.2";
const CERT = "1.2.840.113549.1.12.10.1.3";
const X509 = "1.2.840.113549.1.9.22.1";
const FRIENDLY = "1.2.840.113549.1.9.20";
const LOCAL_KEY = "1.2.840.113549.1.9.21";

const random = (n) => crypto.getRandomValues(new Uint8Array(n));

// AlgorithmIdentifier and ciphertext.
async function encrypt(password, clear) {
	const salt = random(16);
	const iv = random(16);
	const key = await cipherKey(password, { hash: "SHA-256", salt,
	    iterations: ITERATIONS, length: 256 });
	const kdf = sequence(oid("1.2.840.113549.1.5.12"), sequence(octets(salt),
	    integer(ITERATIONS), sequence(oid("1.2.840.113549.2.9"), nothing())));
	const cipher = sequence(oid("2.16.840.1.101.3.4.1.42"), octets(iv));
	return [sequence(oid("1.2.840.113549.1.5.13"), sequence(kdf, cipher)),
	    new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key,
	        clear))];
}

// EncryptedPrivateKeyInfo, for the time until the certificate is there.
export async function writeKey(password, pkcs8) {
	const [alg, secret] = await encrypt(password, pkcs8);
	return sequence(alg, octets(secret));
}

function attributes(name, id) {
	const named = sequence(oid(FRIENDLY), setOf(bmp(name)));
	return setOf(named, sequence(oid(LOCAL_KEY), setOf(octets(id))));
}

function certBag(der, more) {
	return sequence(oid(CERT), context(0, sequence(oid(X509),
	    context(0, octets(der)))), more);
}

const contentInfo = (bytes) => sequence(oid(DATA), context(0, octets(bytes)));

async function encryptedInfo(password, bytes) {
	const [alg, secret] = await encrypt(password, bytes);
	// [0] IMPLICIT OCTET STRING: the tag of a primitive.
	const content = concat(Uint8Array.of(0x80), octets(secret).subarray(1));
	return sequence(oid(ENCRYPTED), context(0, sequence(integer(0),
	    sequence(oid(DATA), alg, content))));
}

async function macData(password, bytes) {
	const salt = random(16);
	const digest = await mac("SHA-256", password, salt, ITERATIONS, bytes);
	return sequence(sequence(sequence(oid("2.16.840.1.101.3.4.2.1"), nothing()),
	    octets(digest)), octets(salt), integer(ITERATIONS));
}

// certs: DER, the key's own first, then its issuers.
export async function writePkcs12({ password, pkcs8, certs, name }) {
	const mine = attributes(name, new Uint8Array(
	    await crypto.subtle.digest("SHA-256", certs[0])).subarray(0, 20));
	const bags = certs.map((der, i) => certBag(der,
	    i === 0 ? mine : new Uint8Array(0)));
	const keyBag = sequence(oid(SHROUDED_KEY),
	    context(0, await writeKey(password, pkcs8)), mine);
	const safe = sequence(await encryptedInfo(password, sequence(...bags)),
	    contentInfo(sequence(keyBag)));
	return sequence(integer(3), contentInfo(safe),
	    await macData(password, safe));
}
