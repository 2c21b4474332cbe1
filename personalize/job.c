/* SPDX-License-Identifier: Apache-2.0 */
#include "clerk.h"

void
job_clear(struct job *j)
{
	for (size_t i = 0; i < j->nslots; i++) {
		EVP_PKEY_free(j->slot[i].key);
		X509_free(j->slot[i].cert);
	}
	secret_free(&j->factory_management);
	secret_free(&j->factory_pin);
	secret_free(&j->factory_puk);
	secret_free(&j->management);
	secret_free(&j->pin);
	secret_free(&j->puk);
	*j = (struct job){ .nslots = 0 };
}

const char *
job_step_name(enum job_step step)
{
	static const char *const names[STEP__MAX] = {
		[STEP_CHANNEL] = "channel", [STEP_DENIED] = "channel denied",
		[STEP_PREPARE] = "prepare", [STEP_NAME] = "name", [STEP_KEY] = "key",
		[STEP_CERT] = "certificate", [STEP_PUK] = "PUK",
		[STEP_PIN] = "PIN", [STEP_MANAGEMENT] = "management key",
		[STEP_CHECK] = "check",
	};

	return names[step];
}

bool
job_has_certs(const struct job *j)
{
	for (size_t i = 0; i < j->nslots; i++)
		if (j->slot[i].cert == NULL && j->slot[i].cert_der.len == 0)
			return false;
	return true;
}
