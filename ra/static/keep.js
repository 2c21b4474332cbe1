// SPDX-License-Identifier: Apache-2.0
// Encrypted keys that this browser keeps until their certificates are there,
// found again by the digest of the public key.
import { fromBase64, toBase64, toHex } from "./encoding.js";

async function nameOf(spki) {
	return "signet-key-" + toHex(new Uint8Array(
	    await crypto.subtle.digest("SHA-256", spki)));
}

// Storage may be full or forbidden: the file that was saved does as well.
export async function keep(spki, shut) {
	try {
		localStorage.setItem(await nameOf(spki), toBase64(shut));
		return true;
	} catch {
		return false;
	}
}

export async function kept(spki) {
	try {
		const text = localStorage.getItem(await nameOf(spki));
		return text === null ? null : fromBase64(text);
	} catch {
		return null;
	}
}

export async function forget(spki) {
	try {
		localStorage.removeItem(await nameOf(spki));
	} catch {
		// There is nothing to forget.
	}
}
