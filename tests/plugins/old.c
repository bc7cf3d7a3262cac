/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plug-in of another version of the interface. */
#include "hindcast-mobility.h"

const struct hindcast_mobility hindcast_mobility = {.abi = 99};
