/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIGNET_TESTS_LIB_ABORTS_H
#define SIGNET_TESTS_LIB_ABORTS_H
/* In a child fn() says that there is no memory, and dies of SIGABRT. */
void	 assert_aborts(void (*fn)(void));
#endif
