/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what a fuzz target is: one function that takes any bytes and does not crash, hang, or grow without bounds.
 *
 * With libFuzzer (meson setup -Dfuzz=true, with CC=clang) it is given more and more bytes; in an ordinary build fuzz-run.c gives it those
 * of its corpus, and many small changes of each, as a test.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
