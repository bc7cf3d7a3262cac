#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fast-calls.sh - the trace does not tell which way calls were handed over.
. "$(dirname "$0")/lib.sh"
[[ $(nproc) -ge 2 ]] || skip "--fast-calls needs two processors"

experiment "$work/mix/experiment.yaml" <<END
- {path: $programs/life}
- {path: $programs/probe, environment: {GREETING: hello}}
- {path: bash, args: [-c, 'trap "echo usr1" USR1; seq 2000 | sort -n | while read -r n; do echo \$n; done | tail -n 1; kill -USR1 \$\$']}
- {path: python3, args: [-c, 'import threading; t = [threading.Thread(target=print, args=(i,)) for i in range(5)]; [x.start() for x in t]; [x.join() for x in t]']}
END
for experiment in "$work/mix" "$root/samples/first-light"; do
    record plain "$experiment"
    record fast --fast-calls "$experiment"
    expect_same "$work/plain.hct" "$work/fast.hct"
done
check_replay "$work/fast.hct"

experiment "$work/two/experiment.yaml" <<END
- path: "true"
END
sed 's/  only:/  other: {isolated: true}\n  only:\n    isolated: true/' -i "$work/two/experiment.yaml"
expect_status 3 taskset -c "$(taskset -pc $$ | sed 's/.*[ ,-]//')" "$HINDCAST" record -q --no-trace --fast-calls "$work/two"
expect_text "$work/err" 'two processors for each worker'
