/* SPDX-License-Identifier: GPL-2.0-or-later */
static inline int twice_of(int number)
{
	return number + number; /* marker-of-the-header */
}
