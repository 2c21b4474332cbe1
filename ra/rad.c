/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signet-rad: where people ask for certificates and officers decide.
 */
#include <stdlib.h>

#include "base/log.h"
#include "os/service.h"
#include "settings.h"

struct rad {
	struct service	*svc;
	struct rad_conf	 conf;
};

int
main(int argc, char *argv[])
{
	struct error	 e = ERROR_INIT;
	struct rad	 r = { .svc = NULL };
	int		 ran = -1;

	if (service_new(&r.svc, "signet-rad", "the registration authority",
	    argc, argv, &e) == -1 ||
	    service_settings(r.svc, &r.conf, rad_settings, &e) == -1 ||
	    rad_conf_check(&r.conf, &e) == -1)
		goto out;
	if (service_check_only(r.svc)) {
		ran = 0;
		goto out;
	}
	ran = service_run(r.svc, &e);
 out:
	if (ran == -1)
		log_error(&e, "cannot continue");
	service_free(&r.svc);
	conf_free(&r.conf, rad_settings);
	return ran == -1 ? EXIT_FAILURE : EXIT_SUCCESS;
}
