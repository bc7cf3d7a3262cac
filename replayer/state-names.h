/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-names.h - what the numbers in a state are called, for state-text.c and state-json.c. */
#ifndef REP_STATE_NAMES_H
#define REP_STATE_NAMES_H

#include "state.h"

/* None returns NULL. */
const char *rep__doing_name(enum rep_doing doing);
const char *rep__tcp_state_name(uint32_t state);
const char *rep__ca_name(uint32_t ca);
const char *rep__family_name(uint32_t family);
/* "tcp", "udp", "unix-stream"... */
void rep__socket_kind(const struct rep_state_socket *socket, char ret[32]);
const char *rep__route_type_name(uint32_t type);
const char *rep__route_protocol_name(uint32_t protocol);
const char *rep__scope_name(uint32_t scope);
const char *rep__table_name(uint32_t table);
const char *rep__neighbour_state_name(uint32_t state);
const char *rep__timer_kind(uint32_t nr);
/* "" when the node has no such interface. */
const char *rep__interface_name(const struct rep_state_node *node, uint32_t index);
uint32_t rep__send_queue(const struct rep_state_socket *socket);
uint32_t rep__recv_queue(const struct rep_state_socket *socket);

#endif
