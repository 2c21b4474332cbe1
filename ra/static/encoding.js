// SPDX-License-Identifier: Apache-2.0
// Bytes as text: base64, base64url, hexadecimal, PEM.

export function toBase64(bytes) {
	let text = "";
	for (let i = 0; i < bytes.length; i += 0x8000)
		text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
	return btoa(text);
}

export function fromBase64(text) {
	return Uint8Array.from(atob(text.replace(/\s+/g, "")),
	    (c) => c.charCodeAt(0));
}

export function toBase64url(bytes) {
	return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_")
	    .replaceAll("=", "");
}

export function fromBase64url(text) {
	return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}

export function toHex(bytes) {
	return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

export function toPem(label, bytes) {
	const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

// All blocks of that label, in their order.
export function fromPem(label, text) {
	const block = new RegExp(
	    `-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`, "g");
	return Array.from(text.matchAll(block), (m) => fromBase64(m[1]));
}
