// SPDX-License-Identifier: Apache-2.0
//
// What Java's PKIX makes of a responder's answers:
//
//	java [-Djdk.security.certpath.ocspNonce=true] OcspClient.java \
//	    URL ROOT CA CERT...		a line each: name, status, reason
//
// It asks by GET with a SHA-1 CertID, and falls back to nothing.

import java.io.FileInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateRevokedException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

public class OcspClient {
	public static void main(String[] args) throws Exception {
		URI url = new URI(args[0]);
		X509Certificate root = read(args[1]), ca = read(args[2]);

		for (int i = 3; i < args.length; i++)
			System.out.println(Path.of(args[i]).getFileName()
			    .toString().replaceAll("[.]pem$", "") + " " +
			    ask(url, root, ca, read(args[i])));
	}

	private static String ask(URI url, X509Certificate root,
	    X509Certificate ca, X509Certificate cert) throws Exception {
		CertPathValidator validator =
		    CertPathValidator.getInstance("PKIX");
		PKIXRevocationChecker checker =
		    (PKIXRevocationChecker)validator.getRevocationChecker();
		PKIXParameters params = new PKIXParameters(
		    Set.of(new TrustAnchor(root, null)));

		checker.setOcspResponder(url);
		checker.setOptions(EnumSet.of(
		    PKIXRevocationChecker.Option.NO_FALLBACK,
		    PKIXRevocationChecker.Option.ONLY_END_ENTITY));
		params.addCertPathChecker(checker);
		// An expired one is asked about, too: as of its last second.
		if (cert.getNotAfter().before(new Date()))
			params.setDate(new Date(
			    cert.getNotAfter().getTime() - 1000));
		try {
			validator.validate(CertificateFactory
			    .getInstance("X.509").generateCertPath(
			    List.of(cert, ca)), params);
		} catch (CertPathValidatorException e) {
			if (e.getCause() instanceof
			    CertificateRevokedException r)
				return "revoked " + r.getRevocationReason();
			return "refused: " + e.getMessage();
		}
		return "good";
	}

	private static X509Certificate read(String path) throws Exception {
		try (InputStream in = new FileInputStream(path)) {
			return (X509Certificate)CertificateFactory
			    .getInstance("X.509").generateCertificate(in);
		}
	}
}
