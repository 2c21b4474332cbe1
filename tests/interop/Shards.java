// SPDX-License-Identifier: Apache-2.0
//
// What Java's PKIX makes of certificates with these lists and no others:
//
//	java Shards.java ROOT CA ROOT-CRL CRL CERT...
//
// A line each: name, "good", "revoked" or "unknown" (no list that is about it).

import java.io.FileInputStream;
import java.io.InputStream;
import java.security.Security;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;

public class Shards {
	private static CertificateFactory factory;

	public static void main(String[] args) throws Exception {
		Security.setProperty("ocsp.enable", "false");
		factory = CertificateFactory.getInstance("X.509");
		X509Certificate root = cert(args[0]), ca = cert(args[1]);
		PKIXParameters how = new PKIXParameters(
		    Set.of(new TrustAnchor(root, null)));

		how.addCertStore(CertStore.getInstance("Collection",
		    new CollectionCertStoreParameters(List.of(
		    factory.generateCRL(open(args[2])),
		    factory.generateCRL(open(args[3]))))));
		for (int i = 4; i < args.length; i++) {
			System.out.println(args[i].replaceAll(
			    "^.*/|[.]pem$", "") + " " + verdict(how,
			    factory.generateCertPath(
			    List.of(cert(args[i]), ca))));
		}
	}

	static String verdict(PKIXParameters how, CertPath path)
	    throws Exception {
		try {
			CertPathValidator.getInstance("PKIX").validate(path,
			    how);
			return "good";
		} catch (CertPathValidatorException e) {
			String why = e.getReason().toString();

			return why.equals("REVOKED") ? "revoked" :
			    why.equals("UNDETERMINED_REVOCATION_STATUS") ?
			    "unknown" : why;
		}
	}

	static InputStream open(String path) throws Exception {
		return new FileInputStream(path);
	}

	static X509Certificate cert(String path) throws Exception {
		return (X509Certificate)factory.generateCertificate(
		    open(path));
	}
}
