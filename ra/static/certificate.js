// SPDX-License-Identifier: Apache-2.0
// As much of a certificate (RFC 5280, 4.1) as a page has to know.
import { TAG, inside, read } from "./der.js";

// SubjectPublicKeyInfo: the sixth of tbsCertificate, after the version.
export function spkiFrom(der) {
	const [tbs] = inside(read(der));
	const parts = inside(tbs);
	const spki = parts[parts[0].tag === 0xa0 ? 6 : 5];
	if (spki?.tag !== TAG.SEQUENCE)
		throw new RangeError("ASN.1: no certificate");
	return spki.whole;
}
