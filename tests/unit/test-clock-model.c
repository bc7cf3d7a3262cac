/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock-model.h"

#include <errno.h>

#include "unit.h"

static int parse(const char *text, struct rep_model *ret)
{
	return rep__model_parse(text, strlen(text), ret);
}

int main(void)
{
	struct rep_model model = {0};

	part("what a recorder writes");
	EQUAL(parse("syscall=1000ns clock=20ns realtime=123ns", &model), 0);
	EQUAL(model.clock_cost_ns, 20);
	EQUAL(model.realtime_ns, 123);
	EQUAL(parse("clock=0ns", &model), 0);
	EQUAL(model.clock_cost_ns, 0);
	EQUAL(model.realtime_ns, 946684800000000000);

	part("what none does");
	EQUAL(parse("", &model), -EBADMSG);
	EQUAL(parse("clock=20", &model), -EBADMSG);
	EQUAL(parse("clock=-1ns", &model), -EBADMSG);
	EQUAL(parse("clock=99999999999999999999999ns", &model), -EBADMSG);
	EQUAL(parse("xclock=20ns clock =3ns", &model), -EBADMSG);

	part("readings cost the one that follows");
	model.clock_cost_ns = 20;
	EQUAL(rep__model_ran(&model, 0), 0);
	EQUAL(rep__model_ran(&model, 1), 0);
	EQUAL(rep__model_ran(&model, 3), 40);
	EQUAL(rep__model_ran(&model, UINT64_MAX), 0);
	return done();
}
