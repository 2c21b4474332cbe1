// SPDX-License-Identifier: Apache-2.0
// Keys from passwords: RFC 7292, appendix B, for the MAC of a PKCS#12 file,
// and PBES2 (RFC 8018) for what is encrypted in it.
import { concat, utf16 } from "./der.js";
import { sha256, sha256Again } from "./sha256.js";

// Bytes of a block of each hash function, by its name in WebCrypto.
const BLOCK = { "SHA-1": 64, "SHA-256": 64, "SHA-384": 128, "SHA-512": 128 };

async function iterate(hash, bytes, iterations) {
	if (hash === "SHA-256")
		return sha256Again(sha256(bytes), iterations - 1);
	for (let i = 0; i < iterations; i++)
		bytes = await crypto.subtle.digest(hash, bytes);
	return new Uint8Array(bytes);
}

function fill(bytes, block) {
	const n = Math.ceil(bytes.length / block) * block;
	return Uint8Array.from({ length: n }, (_, i) => bytes[i % bytes.length]);
}

// B.2 with the identifier 3, which is for a MAC.  One round does: its key is
// as long as the digest.
async function macKey(hash, password, salt, iterations) {
	const block = BLOCK[hash];
	const secret = concat(utf16(password), Uint8Array.of(0, 0));
	return iterate(hash, concat(new Uint8Array(block).fill(3),
	    fill(salt, block), fill(secret, block)), iterations);
}

export async function mac(hash, password, salt, iterations, bytes) {
	const key = await crypto.subtle.importKey("raw",
	    await macKey(hash, password, salt, iterations), { name: "HMAC", hash },
	    false, ["sign"]);
	return new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));
}

// AES-CBC with a key by PBKDF2: hash, salt, iterations, and bits of the key.
export async function cipherKey(password, { hash, salt, iterations, length }) {
	const base = await crypto.subtle.importKey("raw",
	    new TextEncoder().encode(password), "PBKDF2", false, ["deriveKey"]);
	return crypto.subtle.deriveKey({ name: "PBKDF2", hash, salt, iterations },
	    base, { name: "AES-CBC", length }, false, ["encrypt", "decrypt"]);
}
