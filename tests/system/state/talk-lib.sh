# SPDX-License-Identifier: GPL-2.0-or-later
# talk-lib.sh - the run that the tests of this folder look at: a client sends 400000 bytes to a server that is slow to read.
# shellcheck shell=bash
. "$(dirname "$0")/../lib.sh"

# record_talk LOSS: to $work/one.hct.
record_talk() {
    cat >"$work/experiment.yaml" <<END
general: {stop_time: 20 s, seed: 3}
hosts:
  server:
    processes: [{path: $programs/talk, args: server 9000}]
  client:
    processes: [{path: $programs/talk, args: client 10.0.0.1 9000, start_time: 1 s}]
network:
  links: [{ends: [server, client], rate: 2 Mbit/s, delay: 15 ms, loss: $1}]
END
    record one "$work/experiment.yaml"
}
