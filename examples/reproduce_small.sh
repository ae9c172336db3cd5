#!/bin/sh
# From a bank of objects and sounds to a page of results, in one go:
#
#   examples/reproduce_small.sh BANK [CLIPS] [OPTION ...]
#
# CLIPS is the number of composed clips (100). OPTIONs go to 'avsseg train', for example
#     --init-from avsseg-compact                          the shipped network, fine-tuned
#     --set init.backbone=FILE --set init.audio_encoder=FILE    encoders of one's own
#     --resume small/runs/small                           a training that was stopped
# Everything is written below ./small; clips and features that are there are not made again.

set -eu

bank=${1:?usage: reproduce_small.sh BANK [CLIPS] [train options]}
clips=${2:-100}
[ $# -ge 2 ] && shift 2 || shift 1
here=$(cd "$(dirname "$0")" && pwd)
avsseg="${PYTHON:-python3} -m avsseg"

$avsseg data synth --bank "$bank" --layout ms3 -n "$clips" --output small/data
$avsseg data check small/data # warns that there are fewer clips than were published
$avsseg train "$here/train_small.toml" --output small/runs "$@"
run=$(ls -td small/runs/small* | head -n 1)
$avsseg eval small/data --subset ms3 --split test --weights "$run/best.safetensors" \
    --seeds 0 --output "$run/eval"
$avsseg report "$run" "$run/eval" --output small/report.html
