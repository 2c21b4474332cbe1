/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_SOFTHSM_H
#define SIGNET_TESTS_LIB_SOFTHSM_H
/*
 * Private SoftHSM tokens for unit tests: a directory of its own, PIN 1234 in
 * the file "pin", and the environment that leads the module to them.
 */

/* dir exists; tokens "people" and "services" are made below it. */
void	 softhsm_setup(const char *dir);
/* The tokens vanish, and come back. */
void	 softhsm_unplug(const char *dir);
void	 softhsm_plug(const char *dir);
/* Run a program quietly; its exit status. */
int	 softhsm_run(const char *const argv[]);
/* pkcs11-tool, logged in to the token, with more arguments. */
int	 softhsm_tool(const char *token, const char *const more[]);
const char *softhsm_module(void);
#endif
