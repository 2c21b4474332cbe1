// SPDX-License-Identifier: Apache-2.0
//
// What Java's PKIXRevocationChecker finds out about certificates by itself:
//
//	java Revocation.java ROOT CA HOW:CERT...	a line each: what it says
//
// HOW is "ocsp" or "crl": that way alone, from where the certificate says;
// "crls": the CA's own certificate as well; "chain": as it does by default,
// OCSP where there is one, else lists.

import java.io.FileInputStream;
import java.io.InputStream;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateRevokedException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.PKIXRevocationChecker.Option;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

public class Revocation {
	private final CertificateFactory factory =
	    CertificateFactory.getInstance("X.509");
	private final X509Certificate root, ca;

	public static void main(String[] args) throws Exception {
		// Else it does not look where certificates say.
		System.setProperty("com.sun.security.enableCRLDP", "true");
		Revocation here = new Revocation(args[0], args[1]);
		for (int i = 2; i < args.length; i++) {
			String[] what = args[i].split(":", 2);
			System.out.println(here.check(what[0], what[1]));
		}
	}

	Revocation(String root, String ca) throws Exception {
		this.root = read(root);
		this.ca = read(ca);
	}

	X509Certificate read(String path) throws Exception {
		try (InputStream in = new FileInputStream(path)) {
			return (X509Certificate) factory
			    .generateCertificate(in);
		}
	}

	static Set<Option> options(String how) {
		return switch (how) {
		case "ocsp" -> EnumSet.of(Option.NO_FALLBACK,
		    Option.ONLY_END_ENTITY);
		case "crl" -> EnumSet.of(Option.NO_FALLBACK,
		    Option.PREFER_CRLS, Option.ONLY_END_ENTITY);
		case "crls" -> EnumSet.of(Option.NO_FALLBACK,
		    Option.PREFER_CRLS);
		case "chain" -> EnumSet.noneOf(Option.class);
		default -> throw new IllegalArgumentException(how);
		};
	}

	String check(String how, String path) throws Exception {
		CertPath chain = factory.generateCertPath(
		    List.of(read(path), ca));
		CertPathValidator pkix = CertPathValidator.getInstance("PKIX");
		PKIXRevocationChecker checker =
		    (PKIXRevocationChecker) pkix.getRevocationChecker();
		PKIXParameters params = new PKIXParameters(
		    Set.of(new TrustAnchor(root, null)));

		checker.setOptions(options(how));
		params.addCertPathChecker(checker);
		try {
			pkix.validate(chain, params);
			return "good";
		} catch (CertPathValidatorException e) {
			if (e.getReason() == BasicReason.REVOKED &&
			    e.getCause() instanceof
			    CertificateRevokedException why) {
				return "revoked " + why.getRevocationReason();
			}
			return e.getReason() + ": " + e.getMessage();
		}
	}
}
